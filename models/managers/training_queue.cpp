#include "managers/training_queue.h"

#include <algorithm>
#include <utility>

#include "core/error_codes.h"
#include "managers/model_manager.h"
#include "managers/run_job.h"
#include "managers/text.h"
#include "managers/training_manager.h"

namespace llamahome::managers {
namespace {

bool isWaiting(const QueueItem& item) {
    return item.state == QueueState::Waiting;
}

jobs::QueuedRun queuedOf(const TrainingChoice& choice) {
    jobs::QueuedRun run{choice.model->name, choice.data, choice.validation, choice.preset};
    for (const config::OptionValue& change : choice.overrides)
        run.changes.push_back({change.key, change.value});
    run.runName = choice.runName;
    return run;
}

void fail(QueueItem& item, const Error& error) {
    item.state = QueueState::Failed;
    item.run.code = std::string(error.code.text);
    item.run.message = error.message;
}

/// What every other run would meet as well.
bool isForAll(const Error& error) {
    return error.code == codes::kRootLocked;
}

constexpr ListKeeper<jobs::QueuedRun>::Format kListFormat{"the queue of runs", jobs::readRunQueue,
                                                          jobs::writeRunQueue};

} // namespace

TrainingQueue::TrainingQueue(ManagerContext& context, ModelManager& models, TrainingManager& training,
                             QObject* parent)
    : QObject(parent)
    , m_context(context)
    , m_models(models)
    , m_training(training)
    , m_keeper(std::make_shared<ListKeeper<jobs::QueuedRun>>(context.workspace.root, *context.workspace.files,
                                                             kListFormat)) {
    connect(&m_training, &TrainingManager::rested, this, &TrainingQueue::onRested);
    connect(&m_training, &TrainingManager::runChanged, this, &TrainingQueue::followRun);
    // Not in the middle of an end, which rested() tells.
    connect(&m_training, &TrainingManager::stateChanged, this, &TrainingQueue::onStateChanged,
            Qt::QueuedConnection);
    connect(&m_models, &ModelManager::modelsChanged, this, &TrainingQueue::advance);
    runTask<std::vector<jobs::QueuedRun>>(
        m_context.filePool, m_context.jobs, [keeper = m_keeper] { return keeper->read(); }, this,
        [this](std::vector<jobs::QueuedRun> list) { takeRead(std::move(list)); });
}

TrainingQueue::~TrainingQueue() = default;

/// Those of before come first.
void TrainingQueue::takeRead(std::vector<jobs::QueuedRun> list) {
    std::vector<QueueItem> items;
    for (jobs::QueuedRun& run : list) {
        const QueueState state = run.code.empty() ? QueueState::Waiting : QueueState::Failed;
        items.push_back({m_nextId++, std::move(run), state});
    }
    m_isHeld = m_isHeld || std::any_of(items.begin(), items.end(), isWaiting);
    items.insert(items.end(), std::make_move_iterator(m_items.begin()),
                 std::make_move_iterator(m_items.end()));
    m_items = std::move(items);
    m_isRead = true;
    tell();
    advance();
}

std::size_t TrainingQueue::waiting() const {
    return static_cast<std::size_t>(std::count_if(m_items.begin(), m_items.end(), isWaiting));
}

QueueItem* TrainingQueue::find(quint64 id) {
    const auto found =
        std::find_if(m_items.begin(), m_items.end(), [id](const QueueItem& item) { return item.id == id; });
    return found == m_items.end() ? nullptr : &*found;
}

QueueItem* TrainingQueue::going() {
    const auto found = std::find_if(m_items.begin(), m_items.end(),
                                    [](const QueueItem& item) { return item.state == QueueState::Going; });
    return found == m_items.end() ? nullptr : &*found;
}

void TrainingQueue::add(const TrainingChoice& choice) {
    if (!choice.model || choice.data.empty()) return;
    if (waiting() == 0) {
        const TrainingState state = m_training.state();
        m_isHeld = !m_training.isActive() && state != TrainingState::Paused;
    }
    m_items.push_back({m_nextId++, queuedOf(choice), QueueState::Waiting});
    tell();
    advance();
}

void TrainingQueue::hold() {
    if (std::exchange(m_isHeld, true)) return;
    tell();
}

void TrainingQueue::goOn() {
    if (!std::exchange(m_isHeld, false)) return;
    tell();
    advance();
}

void TrainingQueue::move(quint64 id, int by) {
    const QueueItem* item = find(id);
    if (item == nullptr || item->state == QueueState::Going) return;
    if (moveBy(m_items, *item, by, m_items.size())) tell();
}

void TrainingQueue::remove(quint64 id) {
    const QueueItem* item = find(id);
    if (item == nullptr || item->state == QueueState::Going) return;
    drop(*item);
}

void TrainingQueue::drop(const QueueItem& item) {
    m_items.erase(m_items.begin() + (&item - m_items.data()));
    tell();
}

void TrainingQueue::tryAgain(quint64 id) {
    QueueItem* item = find(id);
    if (item == nullptr || item->state != QueueState::Failed) return;
    QueueItem again = std::move(*item);
    m_items.erase(m_items.begin() + (item - m_items.data()));
    again.state = QueueState::Waiting;
    again.run.code.clear();
    again.run.message.clear();
    again.runName.clear();
    m_items.push_back(std::move(again));
    tell();
    advance();
}

void TrainingQueue::takeNewName(const QString& run, const QString& name) {
    for (QueueItem& item : m_items)
        if (item.runName == run) item.runName = name;
}

TrainingChoice TrainingQueue::choiceOf(const jobs::QueuedRun& run) const {
    TrainingChoice choice;
    choice.model = m_models.find(toQt(run.model));
    if (choice.model && !choice.model->isUsable()) choice.model.reset();
    choice.data = run.data;
    choice.validation = run.validation;
    choice.preset = run.preset;
    for (const jobs::QueuedRun::Change& change : run.changes)
        choice.overrides.push_back({change.key, change.value, "the queue"});
    choice.runName = run.runName;
    return choice;
}

void TrainingQueue::followRun() {
    QueueItem* item = going();
    if (item == nullptr || !item->runName.isEmpty() || !m_training.hasBegun()) return;
    item->runName = m_training.runName();
    tell();
}

/// A paused run that is left for the form goes on from elsewhere, if at all; the form is not taken away.
void TrainingQueue::onStateChanged() {
    const QueueItem* item = going();
    if (item != nullptr && m_training.isEditable() && !item->runName.isEmpty()) {
        m_isHeld = true;
        drop(*item);
    }
    advance();
}

void TrainingQueue::onRested(const std::optional<Error>& error) {
    QueueItem* item = going();
    if (item == nullptr || m_training.state() == TrainingState::Paused) return advance();
    const bool isBegun = !item->runName.isEmpty();
    const bool isOther = isBegun && item->runName != m_training.runName(); // continued while this was paused
    const bool isStop = error && error->code == codes::kCancelled;
    std::vector<QueueItem> failures;
    if (!error || isOther || (isBegun && isStop)) {
        drop(*item);
    } else if (isStop || isForAll(*error)) {
        item->state = QueueState::Waiting;
        m_isHeld = true;
        tell();
    } else {
        fail(*item, *error);
        failures.push_back(*item);
        tell();
    }
    advanceAfter(std::move(failures));
}

void TrainingQueue::advance() {
    advanceAfter({});
}

void TrainingQueue::advanceAfter(std::vector<QueueItem> failures) {
    const bool isNested = std::exchange(m_isAdvancing, true);
    while (!isNested && beginsOne(failures)) {
    }
    m_isAdvancing = isNested;
    for (const QueueItem& item : failures)
        Q_EMIT failed(item);
}

/// False where nothing is to begin now, or one has begun.
bool TrainingQueue::beginsOne(std::vector<QueueItem>& failures) {
    const TrainingState state = m_training.state();
    if (m_isHeld || !m_isRead || !m_models.isListed() || going() != nullptr) return false;
    if (m_training.isActive() || state == TrainingState::Paused) return false;
    const auto next = std::find_if(m_items.begin(), m_items.end(), isWaiting);
    if (next == m_items.end()) return false;
    next->state = QueueState::Going;
    const quint64 id = next->id;
    const auto refusal = m_training.startChoice(choiceOf(next->run), toQt(next->run.model));
    QueueItem* item = find(id);
    if (refusal && item != nullptr) {
        fail(*item, *refusal);
        failures.push_back(*item);
    }
    tell();
    return refusal.has_value();
}

/// One whose run is on the disk is offered there, whatever becomes of the program.
void TrainingQueue::keep() {
    if (!m_isRead) return;
    std::vector<jobs::QueuedRun> list;
    for (const QueueItem& item : m_items)
        if (item.state != QueueState::Going || item.runName.isEmpty()) list.push_back(item.run);
    m_keeper->put(std::move(list));
    m_context.filePool.post([keeper = m_keeper] { keeper->drain(); });
}

void TrainingQueue::tell() {
    keep();
    Q_EMIT changed();
}

} // namespace llamahome::managers
