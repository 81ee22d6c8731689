#include "managers/chat_manager.h"

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

#include "core/error_codes.h"
#include "managers/chat_command.h"
#include "managers/model_manager.h"
#include "managers/piece_gatherer.h"
#include "managers/run_job.h"
#include "managers/settings_manager.h"
#include "managers/text.h"
#include "managers/train_command.h"
#include "managers/workspace_settings.h"

namespace llamahome::managers {
namespace {

constexpr int kSettingsKeptMs = 400;

bool isBlank(const std::string& text) {
    return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

void cutAfter(jobs::Conversation& conversation, std::size_t messages) {
    conversation.messages.resize(std::min(messages, conversation.messages.size()));
}

using Messages = std::vector<jobs::ConversationMessage>;

/// Messages that both begin with.
int commonMessages(const Messages& a, const Messages& b) {
    const auto [end, unused] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    return static_cast<int>(end - a.begin());
}

int countReplaced(const Messages& before, const Messages& now) {
    return static_cast<int>(before.size()) - commonMessages(before, now);
}

} // namespace

ChatManager::ChatManager(ManagerContext& context, ModelManager& models, SettingsManager& settings,
                         QObject* parent)
    : QObject(parent)
    , m_context(context)
    , m_models(models)
    , m_settings(settings)
    , m_examples(context)
    , m_keeper(std::make_shared<ConversationKeeper>(context.workspace.root, *context.workspace.files))
    , m_worker(std::make_shared<ChatWorker>(jobs::Library(context.workspace.root, context.workspace.catalog),
                                            *context.workspace.files)) {
    m_settingsKept.setSingleShot(true);
    m_settingsKept.setInterval(kSettingsKeptMs);
    connect(&m_settingsKept, &QTimer::timeout, this, [this] { keep(m_current); });
    m_idle.setSingleShot(true);
    m_idle.setInterval(kIdleTime);
    connect(&m_idle, &QTimer::timeout, this, &ChatManager::release);
    connect(&m_settings, &SettingsManager::settingsChanged, this, &ChatManager::followSettings);
    connect(&m_models, &ModelManager::modelsChanged, this, &ChatManager::followModels);
    connect(&m_context.jobs, &JobList::jobStarted, this, [this](const Job* job) {
        const bool isTraining = job->kind() == JobKind::Train;
        if (!isTraining && job->kind() != JobKind::Evaluate) return;
        release(); // on its way to the engine before that work is
        Q_EMIT stateChanged();
    });
    connect(&m_context.jobs, &JobList::jobFinished, this, [this](const Job* job) {
        if (job->kind() == JobKind::Train) Q_EMIT stateChanged();
    });
    connect(&m_models, &ModelManager::removalBegins, this, [this](const std::filesystem::path& folder) {
        if (m_isLoaded && folder == m_loadedFolder) release();
    });
    m_current = emptyConversation();
    refresh();
    followModels();
}

ChatManager::~ChatManager() {
    if (m_settingsKept.isActive()) m_keeper->put(m_current);
    if (m_job) m_job->cancel();
    if (m_pending && !m_pending->isDiscarded && !m_pending->text.empty()) {
        m_pending->now.messages.push_back({"assistant", m_pending->text, "cancelled", 0, 0.0});
        m_keeper->put(m_pending->now);
    }
    // The pool drops what waits when it ends; this must not be lost.
    std::thread([keeper = m_keeper] { (void)keeper->drain(); }).join();
    m_context.engine.post([worker = m_worker] { worker->release(); });
}

// The shown conversation.

jobs::Conversation ChatManager::emptyConversation() const {
    jobs::Conversation conversation;
    conversation.model = m_current.model;
    conversation.adapter = m_current.adapter;
    conversation.adapterScale = m_current.adapterScale;
    conversation.templateName = m_current.templateName;
    conversation.system = m_settings.settings().model.chat.system;
    conversation.sampling = m_settings.settings().model.generation;
    return conversation;
}

void ChatManager::show(jobs::Conversation conversation) {
    if (m_settingsKept.isActive()) {
        m_settingsKept.stop();
        keep(m_current);
    }
    ++m_openAsked;
    m_current = std::move(conversation);
    m_isPristine = m_current.id.empty();
    m_wantsBase = false;
    m_attempts = 0;
    m_keepProblem.reset();
    Q_EMIT conversationOpened();
    Q_EMIT keepProblemChanged();
    Q_EMIT replacedChanged();
    setFigures({});
    Q_EMIT stateChanged();
    followModels();
}

void ChatManager::startConversation() {
    show(emptyConversation());
}

void ChatManager::startWith(const QString& model, const QString& adapter) {
    startConversation();
    m_wantsBase = model.isEmpty();
    if (!model.isEmpty()) setModel(model);
    setAdapter(adapter);
    takeBase();
}

void ChatManager::takeBase() {
    const auto base = m_bases.find(m_current.adapter);
    if (!m_wantsBase || base == m_bases.end()) return;
    m_wantsBase = false;
    if (!base->second.isInstalled || base->second.name == m_current.model) return;
    m_current.model = base->second.name;
    settingsEdited();
}

void ChatManager::openConversation(const QString& id) {
    const std::string wanted = fromQt(id);
    if (wanted.empty()) return;
    if (m_pending && m_pending->now.id == wanted && !m_pending->isDiscarded) {
        if (m_current.id != wanted) show(m_pending->now);
        return;
    }
    const quint64 asked = ++m_openAsked;
    runTask<Result<jobs::Conversation>>(
        m_context.filePool, m_context.jobs, [keeper = m_keeper, wanted] { return keeper->read(wanted); },
        this,
        [this, asked](Result<jobs::Conversation> read) {
            if (asked != m_openAsked) return;
            if (!read) {
                Q_EMIT failed(read.error());
                return;
            }
            show(std::move(*read));
            drainKeeper(); // it may be one that could not be written so far
        });
}

void ChatManager::followSettings() {
    if (!m_isPristine) return;
    m_current.system = m_settings.settings().model.chat.system;
    m_current.sampling = m_settings.settings().model.generation;
    Q_EMIT settingsChanged();
}

void ChatManager::followModels() {
    if (m_isLoaded && m_models.isListed()) {
        const auto& all = m_models.models();
        const bool isThere = std::any_of(all.begin(), all.end(), [this](const jobs::ModelEntry& entry) {
            return entry.isUsable() && entry.path == m_loadedFolder;
        });
        if (!isThere) release();
    }
    if (m_models.isListed()) readBases();
    if (!m_current.id.empty() || !m_models.isListed()) return;
    const auto chosen = m_models.find(toQt(m_current.model));
    if (chosen && chosen->isUsable()) return;
    const auto& all = m_models.models();
    const auto first =
        std::find_if(all.begin(), all.end(), [](const auto& entry) { return entry.isUsable(); });
    setModel(first == all.end() ? QString() : toQt(first->name));
}

void ChatManager::readBases() {
    using Bases = std::map<std::string, AdapterBase>;
    runTask<Bases>(
        m_context.filePool, m_context.jobs,
        [models = m_models.models(), adapters = m_models.adapters()] {
            return readAdapterBases(models, adapters);
        },
        this,
        [this](Bases bases) {
            m_bases = std::move(bases);
            takeBase();
            Q_EMIT fitsChanged();
        });
}

bool ChatManager::fits(const QString& adapter, const QString& model) const {
    const auto base = m_bases.find(fromQt(adapter));
    return base == m_bases.end() || !base->second.isInstalled || toQt(base->second.name) == model;
}

QString ChatManager::missingBase() const {
    const auto base = m_bases.find(m_current.adapter);
    return base == m_bases.end() || base->second.isInstalled ? QString() : toQt(base->second.name);
}

void ChatManager::settingsEdited() {
    Q_EMIT settingsChanged();
    if (!m_current.id.empty()) m_settingsKept.start();
}

void ChatManager::setModel(const QString& name) {
    if (toQt(m_current.model) == name) return;
    m_current.model = fromQt(name);
    m_current.adapter.clear();
    m_current.adapterScale = 1.0;
    m_current.templateName.clear(); // chosen for the other one
    settingsEdited();
}

void ChatManager::setAdapter(const QString& name) {
    if (toQt(m_current.adapter) == name) return;
    m_current.adapter = fromQt(name);
    m_current.adapterScale = 1.0;
    settingsEdited();
}

void ChatManager::setAdapterScale(double scale) {
    if (m_current.adapterScale == scale) return;
    m_current.adapterScale = scale;
    settingsEdited();
}

void ChatManager::setSystem(const QString& text) {
    if (toQt(m_current.system) == text) return;
    m_current.system = fromQt(text);
    m_isPristine = false;
    settingsEdited();
}

void ChatManager::setTemplate(const QString& name) {
    if (toQt(m_current.templateName) == name) return;
    m_current.templateName = fromQt(name);
    settingsEdited();
}

void ChatManager::setSampling(const config::GenerationSettings& sampling) {
    m_current.sampling = sampling;
    m_isPristine = false;
    settingsEdited();
}

QString ChatManager::commandLine() const {
    return chatCommand(m_current, m_models.find(toQt(m_current.model)), m_settings.settings(), m_rootWords);
}

// Answers.

bool ChatManager::isEngineTaken() const {
    const auto active = m_context.jobs.activeJobs();
    return std::any_of(active.begin(), active.end(),
                       [](const Job* job) { return job->kind() == JobKind::Train; });
}

bool ChatManager::isAnsweringHere() const {
    return m_pending && m_pending->now.id == m_current.id && !m_pending->isDiscarded;
}

QString ChatManager::partialAnswer() const {
    return isAnsweringHere() ? toQt(m_pending->text) : QString();
}

bool ChatManager::isWantedModelLoaded() const {
    return m_isLoaded && m_job && m_loadedModel == m_wantedModel;
}

const Job* ChatManager::job() const {
    return m_job.data();
}

bool ChatManager::send(const QString& text) {
    jobs::Conversation now = m_current;
    now.messages.push_back({"user", fromQt(text), {}, 0, 0.0});
    m_attempts = 0;
    return answer(std::move(now));
}

bool ChatManager::regenerate() {
    jobs::Conversation now = m_current;
    while (!now.messages.empty() && now.messages.back().role != "user")
        now.messages.pop_back();
    ++m_attempts;
    return answer(std::move(now));
}

bool ChatManager::editAndResend(int index, const QString& text) {
    const auto at = static_cast<std::size_t>(index);
    if (index < 0 || at >= m_current.messages.size() || m_current.messages[at].role != "user") return false;
    jobs::Conversation now = m_current;
    cutAfter(now, at);
    now.messages.push_back({"user", fromQt(text), {}, 0, 0.0});
    m_attempts = 0;
    return answer(std::move(now));
}

const ChatManager::Replaced* ChatManager::replaced() const {
    const auto found = m_replaced.find(m_current.id);
    return found == m_replaced.end() || isAnsweringHere() ? nullptr : &found->second;
}

void ChatManager::undoReplace() {
    if (replaced() == nullptr) return;
    Replaced& other = m_replaced[m_current.id];
    const int first = commonMessages(m_current.messages, other.messages);
    std::swap(m_current.messages, other.messages);
    other.isUndone = !other.isUndone;
    m_current.updatedAt = formatUtc(m_context.workspace.clock->now());
    Q_EMIT messagesChanged(first);
    keep(m_current);
    setFigures({});
    Q_EMIT replacedChanged();
}

void ChatManager::noteReplaced(const Pending& ended) {
    const int count = countReplaced(ended.before.messages, ended.now.messages);
    if (count > 0)
        m_replaced[ended.now.id] = {ended.before.messages, count, false};
    else
        m_replaced.erase(ended.now.id);
}

void ChatManager::stop() {
    if (!m_job) return;
    m_job->cancel();
    setState(State::Stopping);
}

void ChatManager::release() {
    m_idle.stop();
    runTask<bool>(
        m_context.engine, m_context.jobs,
        [worker = m_worker] {
            worker->release();
            return true;
        },
        this,
        [this](bool) {
            m_isLoaded = false;
            Q_EMIT stateChanged();
        });
}

std::vector<std::filesystem::path> ChatManager::foldersOf(const ChatRequest& request) const {
    std::vector<std::filesystem::path> folders;
    for (const auto& entry :
         {m_models.find(toQt(request.model)), m_models.findAdapter(toQt(request.adapter))})
        if (entry) folders.push_back(entry->path);
    return folders;
}

std::optional<Error> ChatManager::removalOf(const ChatRequest& request) const {
    const auto removal = m_models.removalOf(toQt(request.model));
    return removal ? removal : m_models.removalOf(toQt(request.adapter));
}

ChatRequest ChatManager::requestOf(const jobs::Conversation& conversation) const {
    ChatRequest request;
    request.model = conversation.model;
    request.adapter = conversation.adapter;
    request.adapterScale = conversation.adapterScale;
    request.history = jobs::historyOf(conversation);
    request.question = conversation.messages.back().content;
    request.options = jobs::answerOptions(conversation.sampling);
    request.options.date = m_settings.settings().data.date;
    request.settings = m_settings.settings();
    if (!conversation.templateName.empty()) request.settings.data.template_name = conversation.templateName;
    request.environment = m_context.workspace.environment;
    return request;
}

bool ChatManager::canAnswer(const jobs::Conversation& asked) const {
    const bool hasQuestion = !asked.messages.empty() && !isBlank(asked.messages.back().content);
    return hasQuestion && !asked.model.empty() && !isBusy() && !isEngineTaken();
}

bool ChatManager::answer(jobs::Conversation now) {
    if (!canAnswer(now)) return false;
    const Clock& clock = *m_context.workspace.clock;
    now.updatedAt = formatUtc(clock.now());
    if (now.id.empty()) {
        now.id = jobs::newConversationId(clock, m_nextNumber++);
        now.createdAt = now.updatedAt;
    }
    Job& job = m_context.jobs.start(JobKind::Chat, tr("Chat with %1").arg(toQt(now.model)));
    job.setCommandLine(commandLine());
    const int first = commonMessages(m_current.messages, now.messages);
    m_pending = Pending{m_current, now, {}, false};
    m_current = now;
    m_settingsKept.stop();
    ChatRequest request = requestOf(now);
    request.options.sampling.seed += m_attempts;
    ask(job, {std::move(request)},
        {[this](std::size_t, const std::string& piece) { takePiece(piece); },
         {},
         [this](const Result<std::vector<ChatAnswer>>& answers) { takeAnswer(answers); }});
    Q_EMIT messagesChanged(first);
    Q_EMIT replacedChanged();
    keep(now);
    return true;
}

bool ChatManager::answerAside(const QString& title, const std::vector<jobs::Conversation>& asked,
                              Hearing hearing) {
    const auto canAll =
        std::all_of(asked.begin(), asked.end(), [this](const auto& one) { return canAnswer(one); });
    if (asked.empty() || !canAll) return false;
    std::vector<ChatRequest> requests;
    for (const jobs::Conversation& one : asked)
        requests.push_back(requestOf(one));
    ask(m_context.jobs.start(JobKind::Chat, title), std::move(requests), std::move(hearing));
    return true;
}

void ChatManager::ask(Job& job, std::vector<ChatRequest> requests, Hearing hearing) {
    std::optional<Error> removal;
    std::vector<std::filesystem::path> folders;
    for (const ChatRequest& request : requests) {
        if (!removal) removal = removalOf(request);
        for (auto& folder : foldersOf(request))
            folders.push_back(std::move(folder));
    }
    if (!removal) job.setFolders(folders);
    m_job = &job;
    m_wantedModel = requests.front().model;
    m_idle.stop();
    setState(State::Loading);

    const auto heard = std::make_shared<const Hearing>(std::move(hearing));
    const auto toGui = [jobs = &m_context.jobs,
                        self = QPointer<ChatManager>(this)](std::function<void(ChatManager&)> tell) {
        jobs->post([self, tell = std::move(tell)] {
            if (self) tell(*self);
        });
    };
    const Clock& clock = *m_context.workspace.clock;
    const auto answerOne = [worker = m_worker, host = &m_context.engine, heard, toGui, &clock](
                               const ChatRequest& request, std::size_t index, const JobControl& control) {
        PieceGatherer pieces(clock, kPieceInterval, [&](std::string text) {
            toGui([heard, index, text = std::move(text)](ChatManager&) { heard->onPiece(index, text); });
        });
        auto answer = worker->answer(
            *host, request, [&pieces](std::string_view piece) { pieces.take(piece); },
            [&toGui](const std::filesystem::path& folder) {
                toGui([folder](ChatManager& chat) { chat.takeReady(folder); });
            },
            control.cancel, control.progress);
        pieces.flush();
        if (answer && heard->onAnswer)
            toGui([heard, index, given = *answer](ChatManager&) { heard->onAnswer(index, given); });
        return answer;
    };
    using Answers = std::vector<ChatAnswer>;
    runJob<Answers>(
        m_context.engine, m_context.jobs, job, clock,
        [answerOne, requests = std::move(requests), removal](const JobControl& control) -> Result<Answers> {
            if (removal) return *removal;
            Answers answers;
            for (const ChatRequest& request : requests) {
                if (!answers.empty() && control.cancel.isCancelled()) break;
                auto answer = answerOne(request, answers.size(), control);
                if (!answer) return answer.error();
                answers.push_back(std::move(*answer));
            }
            return answers;
        },
        this,
        [this, heard](const Result<Answers>& answers) {
            m_job = nullptr;
            m_state = State::Idle;
            if (m_isLoaded) m_idle.start();
            heard->onEnd(answers);
            Q_EMIT stateChanged();
        });
}

void ChatManager::takeReady(const std::filesystem::path& folder) {
    m_isLoaded = true;
    m_loadedFolder = folder;
    if (m_job) {
        m_loadedModel = m_wantedModel;
        m_job->setProgress({fromQt(tr("answering")), 0, 0, "tokens"});
    }
    if (m_state == State::Loading) setState(State::Answering);
}

void ChatManager::takePiece(const std::string& piece) {
    if (!m_pending) return;
    m_pending->text += piece;
    if (isAnsweringHere()) Q_EMIT answerGrew(toQt(piece));
}

void ChatManager::takeAnswer(const Result<std::vector<ChatAnswer>>& result) {
    Pending ended = std::move(*m_pending);
    m_pending.reset();
    const bool wasStopped = result && result->front().answer.text.empty() &&
                            result->front().answer.finish == engine::FinishReason::Cancelled;
    if (ended.isDiscarded)
        ;
    else if (!result)
        failWith(std::move(ended), result.error());
    else if (wasStopped)
        failWith(std::move(ended), Error{codes::kCancelled, "stopped before the answer began"});
    else
        finishWith(std::move(ended), result->front());
    Q_EMIT replacedChanged();
}

void ChatManager::finishWith(Pending ended, const ChatAnswer& given) {
    noteReplaced(ended);
    const jobs::Answer& answer = given.answer;
    jobs::Conversation& now = ended.now;
    now.messages.push_back({"assistant", answer.text, std::string(jobs::finishName(answer.finish)),
                            answer.tokens.size(), answer.decodeSeconds, now.adapter, now.adapterScale});
    now.updatedAt = formatUtc(m_context.workspace.clock->now());
    if (now.id != m_current.id) return keep(now);
    m_current.messages = now.messages;
    m_current.updatedAt = now.updatedAt;
    Q_EMIT messagesChanged(static_cast<int>(now.messages.size()) - 1);
    keep(m_current);
    Figures figures;
    if (answer.decodeSeconds > 0.0)
        figures.tokensPerSecond = static_cast<double>(answer.tokens.size()) / answer.decodeSeconds;
    figures.usedTokens = answer.promptTokens + answer.tokens.size();
    figures.contextTokens = given.contextTokens;
    figures.contextBytes = answer.contextBytes;
    figures.fullBytes = given.fullContextBytes;
    figures.droppedMessages = answer.droppedMessages;
    setFigures(figures);
}

void ChatManager::failWith(Pending ended, const Error& error) {
    if (ended.now.id != m_current.id) {
        // A new question stays, to be answered when it is shown again; messages that were replaced come back.
        if (countReplaced(ended.before.messages, ended.now.messages) > 0) keep(ended.before);
        Q_EMIT failed(error);
        return;
    }
    const int first = commonMessages(m_current.messages, ended.before.messages);
    m_current.messages = ended.before.messages;
    m_current.updatedAt = ended.before.updatedAt;
    if (ended.before.id.empty()) {
        const std::string id = std::exchange(m_current.id, {});
        m_keepProblem.reset();
        Q_EMIT keepProblemChanged();
        forget(id);
        runTask<bool>(
            m_context.filePool, m_context.jobs,
            [keeper = m_keeper, id] { return static_cast<bool>(keeper->remove(id)); }, this, [](bool) {});
    } else {
        keep(m_current);
    }
    Q_EMIT messagesChanged(first);
    Q_EMIT answerFailed(error, toQt(ended.now.messages.back().content));
}

void ChatManager::setState(State state) {
    m_state = state;
    Q_EMIT stateChanged();
}

void ChatManager::setFigures(const Figures& figures) {
    m_figures = figures;
    Q_EMIT figuresChanged();
}

} // namespace llamahome::managers
