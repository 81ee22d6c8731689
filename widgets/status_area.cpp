#include "widgets/status_area.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QToolButton>

#include "core/quantity.h"
#include "items/job_words.h"
#include "managers/text.h"
#include "widgets/elided_button.h"
#include "widgets/icons.h"
#include "widgets/look.h"
#include "widgets/stop_question.h"

namespace llamahome::widgets {
using managers::Job;
using managers::JobKind;
using managers::JobList;
using managers::JobState;
using managers::TrainingState;

namespace {

constexpr int kBarWidth = 120;

/// Training before all else; what runs before what waits for its turn.
int rankOf(const Job& job) {
    if (job.kind() == JobKind::Train) return 2;
    return job.state() == JobState::Waiting ? 0 : 1;
}

QToolButton* makeButton(Icon symbol, const QString& name, const QString& words, QWidget* parent) {
    auto* button = new QToolButton(parent);
    button->setObjectName(name);
    button->setIcon(icon(symbol));
    button->setAutoRaise(true);
    button->setAccessibleName(words);
    button->setToolTip(words);
    return button;
}

} // namespace

StatusArea::StatusArea(JobList& jobs, managers::TrainingManager& training,
                       const managers::MemoryWatch& memory, QWidget* parent)
    : QWidget(parent)
    , m_jobs(jobs)
    , m_training(training)
    , m_memory(memory)
    , m_words(new ElidedButton(this))
    , m_bar(new QProgressBar(this))
    , m_pause(makeButton(Icon::Pause, QStringLiteral("statusPause"),
                         tr("Pause the training: it stops with a checkpoint and can go on"), this))
    , m_stop(makeButton(Icon::Stop, QStringLiteral("statusStop"), tr("Stop this job"), this))
    , m_memoryWords(look::makeNote({}, this))
    , m_log(makeButton(Icon::Log, QStringLiteral("statusLog"), tr("Show the log (F12)"), this)) {
    setObjectName(QStringLiteral("statusArea"));
    m_words->setObjectName(QStringLiteral("statusJob"));
    m_words->setAccessibleDescription(tr("Opens the list of this session's jobs"));
    m_bar->setTextVisible(false);
    m_bar->setFixedSize(kBarWidth, look::kGrid);
    m_bar->setAccessibleName(tr("Progress of the job"));
    m_memoryWords->setObjectName(QStringLiteral("statusMemory"));
    m_memoryWords->setToolTip(tr("Memory of this computer that is in use, of what it has"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(look::kGrid, look::kGrid / 2, look::kGrid, look::kGrid / 2);
    layout->setSpacing(look::kGrid);
    layout->addWidget(m_words, 1);
    layout->addWidget(m_bar);
    layout->addWidget(m_pause);
    layout->addWidget(m_stop);
    layout->addSpacing(look::kGrid);
    layout->addWidget(m_memoryWords);
    layout->addWidget(m_log);
    connect(m_words, &QPushButton::clicked, this, &StatusArea::jobsWanted);
    connect(m_log, &QToolButton::clicked, this, &StatusArea::logWanted);
    connect(m_pause, &QToolButton::clicked, &training, &managers::TrainingManager::pause);
    connect(m_stop, &QToolButton::clicked, this, &StatusArea::stop);
    connect(&jobs, &JobList::jobStarted, this, &StatusArea::showJob);
    connect(&jobs, &JobList::jobChanged, this, &StatusArea::showJob);
    connect(&jobs, &JobList::jobFinished, this, &StatusArea::showJob);
    connect(&training, &managers::TrainingManager::stateChanged, this, &StatusArea::showJob);
    connect(&memory, &managers::MemoryWatch::changed, this, &StatusArea::showMemory);
    showJob();
    showMemory();
}

Job* StatusArea::shownJob() const {
    Job* shown = nullptr;
    for (Job* job : m_jobs.activeJobs())
        if (shown == nullptr || rankOf(*job) >= rankOf(*shown)) shown = job;
    return shown;
}

/// The newest job that is worth a word after its end: a look at a file is not.
const Job* StatusArea::lastTold() const {
    const auto& jobs = m_jobs.jobs();
    const auto told = std::find_if(jobs.rbegin(), jobs.rend(),
                                   [](const Job* job) { return job->kind() != JobKind::Inspect; });
    return told == jobs.rend() ? nullptr : *told;
}

QString StatusArea::lossWords(const Job& job) const {
    const auto& point = m_training.lastPoint();
    if (job.kind() != JobKind::Train || !point || m_training.state() != TrainingState::Running) return {};
    return tr(" · loss %1").arg(managers::toQt(formatNumber(point->trainLoss)));
}

void StatusArea::showJob() {
    const Job* job = shownJob();
    const bool isActive = job != nullptr;
    const Job* last = lastTold();
    if (isActive)
        m_words->setWords(items::jobLine(*job) + lossWords(*job));
    else if (last != nullptr)
        m_words->setWords(tr("%1: %2").arg(last->title(), items::jobEndWords(*last)));
    else
        m_words->setWords(tr("Nothing is running"));
    const int percent = isActive ? items::jobPercent(*job) : 0;
    m_bar->setVisible(isActive);
    m_bar->setRange(0, percent < 0 ? 0 : 100);
    if (percent >= 0) m_bar->setValue(percent);
    m_pause->setVisible(isActive && job->kind() == JobKind::Train);
    m_pause->setEnabled(m_training.state() == TrainingState::Running);
    m_stop->setVisible(isActive);
    m_stop->setEnabled(isActive && job->state() != JobState::Stopping);
}

void StatusArea::showMemory() {
    const MemoryState& memory = m_memory.state();
    if (memory.totalBytes == 0) {
        m_memoryWords->clear();
        return;
    }
    const std::uint64_t used = memory.totalBytes - std::min(memory.availableBytes, memory.totalBytes);
    m_memoryWords->setText(
        tr("Memory %1 of %2")
            .arg(managers::toQt(formatBytes(used)), managers::toQt(formatBytes(memory.totalBytes))));
}

void StatusArea::stop() {
    Job* job = shownJob();
    if (job == nullptr) return;
    if (job->kind() == JobKind::Train)
        askToStop(m_training, *window());
    else
        job->cancel();
}

} // namespace llamahome::widgets
