#include "managers/training_manager.h"

#include <algorithm>
#include <utility>

#include "core/error_codes.h"
#include "core/quantity.h"
#include "jobs/memory_estimate.h"
#include "jobs/train/run_changes.h"
#include "managers/metric_csv.h"
#include "managers/model_manager.h"
#include "managers/run_job.h"
#include "managers/text.h"
#include "managers/train_command.h"
#include "managers/training_queue.h"
#include "managers/window_words.h"

namespace llamahome::managers {
namespace {

constexpr double kLeastElapsed = 0.5; ///< seconds of training before a time left is told

QString nameOfModel(const jobs::RunRecord& record) {
    return toQt(record.family + "/" + record.version);
}

} // namespace

TrainingManager::TrainingManager(ManagerContext& context, ModelManager& models, SettingsManager& settings,
                                 QObject* parent)
    : QObject(parent)
    , m_context(context)
    , m_models(models)
    , m_setup(context, models, settings)
    , m_saver(context) {
    connect(&m_setup, &TrainingSetup::checked, this, &TrainingManager::setupChanged);
    connect(&m_setup, &TrainingSetup::choiceChanged, this, [this] {
        if (isEditable()) m_page.problem.reset();
    });
    connect(&m_context.jobs, &JobList::jobFinished, this, [this](const Job* job) {
        if (job->kind() == JobKind::Remove) refresh();
    });
    m_state = formState();
    refresh();
    m_queue = std::make_unique<TrainingQueue>(context, models, *this);
}

TrainingManager::~TrainingManager() {
    if (m_job) m_job->cancel();
}

bool TrainingManager::isActive() const {
    switch (m_state) {
    case TrainingState::Starting:
    case TrainingState::Running:
    case TrainingState::Pausing:
    case TrainingState::Stopping:
        return true;
    default:
        return false;
    }
}

void TrainingManager::setState(TrainingState state) {
    if (state == m_state) return;
    m_state = state;
    Q_EMIT stateChanged();
}

TrainingState TrainingManager::formState() const {
    switch (m_setup.state()) {
    case SetupState::NothingChosen:
        return TrainingState::NothingChosen;
    case SetupState::Checking:
        return TrainingState::CheckingData;
    case SetupState::Ready:
        return TrainingState::Ready;
    case SetupState::DoesNotFit:
        return TrainingState::DoesNotFit;
    }
    return TrainingState::NothingChosen;
}

void TrainingManager::setupChanged() {
    if (!isEditable()) return;
    setState(formState());
    Q_EMIT progressed();
}

const std::optional<Error>& TrainingManager::problem() const {
    return m_page.problem || !isEditable() ? m_page.problem : m_setup.problem();
}

QString TrainingManager::commandLine() const {
    return isEditable() ? m_setup.commandLine() : m_page.commandLine;
}

bool TrainingManager::isInSteps() const {
    return fromQt(m_phase) == jobs::kTrainingPhase;
}

std::optional<double> TrainingManager::secondsLeft() const {
    if (!isActive() || !isInSteps() || !m_page.forecast || !m_page.lastPoint ||
        m_page.lastPoint->step <= m_firstStep)
        return std::nullopt;
    const double elapsed = m_lastSeconds - m_firstSeconds;
    if (elapsed < kLeastElapsed) return std::nullopt;
    const auto done = static_cast<double>(m_page.lastPoint->step - m_firstStep);
    const auto left = static_cast<double>(m_page.forecast->totalSteps - m_page.lastPoint->step);
    return left * elapsed / done;
}

void TrainingManager::start() {
    if (m_state != TrainingState::Ready || isRefused(m_setup.modelName())) return;
    const TrainingChoice choice = m_setup.choice();
    m_page = {};
    m_page.run = {{}, m_setup.modelName(), m_setup.dataFiles(), m_setup.presetName(), m_setup.settings()};
    m_metrics.clear(stoppingRuleOf(m_page.run.settings.training));
    const QString title =
        tr("Training %1 on %2").arg(m_page.run.model, pathToQt(choice.data.front().filename()));
    launch(title, m_setup.commandLine(), m_page.run.model,
           [choice](Place& place) { return trainNew(place, choice); });
}

std::optional<Error> TrainingManager::startChoice(const TrainingChoice& choice, const QString& model) {
    if (isActive())
        return Error{codes::kInternal, "training: found a run at work, expected none; wait for its end"};
    if (!choice.model)
        return Error{
            codes::kModelNotInstalled,
            fromQt(
                tr("%1 is not ready to be trained: get, import or verify it on the Models page").arg(model))};
    if (auto removal = m_models.removalOf(model)) return removal;
    if (isEditable()) {
        m_page = {};
        m_metrics.clear();
    }
    const QString title = tr("Training %1 on %2").arg(model, pathToQt(choice.data.front().filename()));
    launch(title, {}, model, [choice](Place& place) { return trainNew(place, choice); });
    return std::nullopt;
}

QString TrainingManager::modelOf(const QString& runName) const {
    if (runName == m_page.run.name) return m_page.run.model;
    if (m_unfinished && toQt(m_unfinished->name) == runName) return nameOfModel(m_unfinished->record);
    return {};
}

std::vector<std::filesystem::path> TrainingManager::foldersOf(const QString& model) const {
    const auto entry = m_models.find(model);
    return entry ? std::vector{entry->path} : std::vector<std::filesystem::path>();
}

bool TrainingManager::isRefused(const QString& model) {
    const auto removal = m_models.removalOf(model);
    if (!removal) return false;
    m_page.problem = removal;
    Q_EMIT progressed();
    return true;
}

void TrainingManager::resume(const QString& runName, const std::vector<jobs::RunSetting>& changes) {
    if (isActive() || runName.isEmpty()) return;
    const quint64 asked = ++m_resumeAsked;
    const QString model = modelOf(runName);
    if (!model.isEmpty()) return resumeOn(runName, model, changes);
    runTask<Result<jobs::RunInfo>>(
        m_context.filePool, m_context.jobs,
        [root = m_context.workspace.root, name = fromQt(runName)] { return jobs::findRun(root, name); }, this,
        [this, runName, changes, asked](const Result<jobs::RunInfo>& run) {
            if (asked != m_resumeAsked || isActive()) return;
            // The job tells what is wrong.
            resumeOn(runName, run ? nameOfModel(run->record) : QString(), changes);
        });
}

void TrainingManager::resumeOn(const QString& runName, const QString& model,
                               const std::vector<jobs::RunSetting>& changes) {
    if (isRefused(model)) return;
    if (isEditable()) {
        m_page = {};
        m_metrics.clear();
    }
    launch(tr("Training %1").arg(runName), {}, model,
           [name = fromQt(runName), changes](Place& place) { return goOn(place, name, changes); });
}

void TrainingManager::launch(const QString& title, const QString& commandLine, const QString& model,
                             Work work) {
    m_setup.speedTrial().cancel();
    m_before = {m_state, m_page, m_metrics.columns()};
    m_hasBegun = false;
    m_stopWish = jobs::StopWish();
    m_page.commandLine = commandLine;
    m_page.problem.reset();
    m_page.notices.clear();
    m_page.forecast.reset();
    m_page.lastPoint.reset();
    m_progress = {};
    m_phase = tr("waiting for the engine");
    Job& job = m_context.jobs.start(JobKind::Train, title);
    job.setCommandLine(commandLine);
    job.setFolders(foldersOf(model));
    m_job = &job;
    connect(&job, &Job::changed, this, &TrainingManager::jobChanged);
    setState(TrainingState::Starting);
    Q_EMIT runChanged();
    Q_EMIT progressed();

    const auto summary = std::make_shared<std::optional<jobs::TrainSummary>>();
    jobs::RunControls controls;
    controls.stop = m_stopWish;
    runJob<void>(
        m_context.engine, m_context.jobs, job, *m_context.workspace.clock,
        [&context = m_context, self = QPointer<TrainingManager>(this), summary, controls,
         work = std::move(work)](const JobControl& control) -> Result<void> {
            auto result = perform(context, self, work, control, controls);
            if (!result) return result.error();
            *summary = *result;
            if (result->end != jobs::TrainEnd::Interrupted) return {};
            return Error{codes::kCancelled, "stopped at step " + std::to_string(result->steps)};
        },
        this, [this, summary](const Result<void>& result) { ended(errorOf(result), *summary); });
}

Result<jobs::TrainSummary> TrainingManager::perform(ManagerContext& context,
                                                    const QPointer<TrainingManager>& self, const Work& work,
                                                    const JobControl& control,
                                                    const jobs::RunControls& controls) {
    const auto lock = context.lock.acquire();
    if (!lock) return lock.error();
    const auto toGui = [&context](std::function<void()> call) { context.jobs.post(std::move(call)); };
    const auto tell = [toGui, self](TrainNews news) {
        toGui([self, told = std::make_shared<TrainNews>(std::move(news))] {
            if (self) self->hear(*told);
        });
    };
    const auto show = [toGui, self](RunView view) {
        toGui([self, shown = std::make_shared<RunView>(std::move(view))] {
            if (self) self->show(std::move(*shown));
        });
    };
    TrainRelay relay(tell, control.progress, context.workspace.openRunLog, *context.workspace.clock);
    Place place{context, **lock, relay, control.cancel, show, controls};
    auto result = work(place);
    relay.flush();
    return result;
}

Result<jobs::TrainSummary> TrainingManager::trainNew(Place& place, const TrainingChoice& choice) {
    const Workspace& workspace = place.context.workspace;
    const ResolvedChoice resolved = resolveChoice(workspace, choice);
    if (!resolved.report.problems.empty()) return config::problemsError(resolved.report.problems);
    const jobs::TrainPlan plan = planOf(workspace, choice, resolved);
    const auto engine = place.context.engine.engineFor(plan.settings);
    if (!engine) return engine.error();
    RunView view;
    view.run.model = toQt(choice.model->name);
    for (const std::filesystem::path& file : choice.data)
        view.run.data << pathToQt(file);
    view.run.preset = toQt(choice.preset);
    view.run.settings = plan.settings;
    view.commandLine = toQt(plan.commandLine);
    place.show(std::move(view));
    return jobs::runTraining(plan, **engine, place.lock, *workspace.files, *workspace.clock, place.relay,
                             place.cancel, place.controls);
}

Result<jobs::TrainSummary> TrainingManager::goOn(Place& place, const std::string& runName,
                                                 const std::vector<jobs::RunSetting>& changes) {
    const Workspace& workspace = place.context.workspace;
    const auto run = jobs::findRun(workspace.root, runName);
    if (!run) return run.error();
    auto settings = jobs::readRunSettings(*run);
    if (!settings) return settings.error();
    if (auto changed = jobs::changeSettings(changes, *settings); !changed) return changed.error();
    const ResolvedChoice now = resolveChoice(workspace, {});
    const auto engine = place.context.engine.engineFor(*settings);
    if (!engine) return engine.error();
    RunView view;
    view.run.name = toQt(run->name);
    view.run.model = nameOfModel(run->record);
    for (const jobs::RunDataFile& file : run->record.dataFiles)
        view.run.data << pathToQt(file.path);
    view.run.settings = *settings;
    if (auto metrics = readRunMetrics(*run))
        view.metrics = std::move(*metrics);
    else
        place.relay.onNotice("the numbers so far are not shown: " + metrics.error().message);
    view.answers = jobs::readSamples(run->path / "samples.jsonl");
    jobs::ResumeRequest request;
    request.runName = run->name;
    request.commandLine = resumeCommand(run->name, now.rootWords, changes);
    view.commandLine = toQt(request.commandLine);
    place.show(std::move(view));
    request.programVersion = workspace.programVersion;
    request.memoryBytes = jobs::usableMemory(now.base.model.memory);
    request.changes = changes;
    return jobs::resumeTraining(request, **engine, place.lock, *workspace.files, *workspace.clock,
                                place.relay, place.cancel, place.controls);
}

void TrainingManager::show(RunView view) {
    m_page.run = std::move(view.run);
    m_page.commandLine = view.commandLine;
    if (m_job) {
        m_job->setCommandLine(m_page.commandLine);
        m_job->setFolders(foldersOf(m_page.run.model)); // the list may not have been there when it began
    }
    if (m_unfinished && isShown(*m_unfinished)) offer({});
    if (view.metrics)
        m_metrics.assign(std::move(*view.metrics));
    else
        m_metrics.clear(stoppingRuleOf(m_page.run.settings.training));
    m_page.answers = std::move(view.answers);
    Q_EMIT runChanged();
}

void TrainingManager::hear(const TrainNews& news) {
    if (!isActive()) return;
    if (news.runName) {
        m_hasBegun = true;
        if (m_job) m_job->setCanGoOn();
        m_page.run.name = toQt(*news.runName);
        m_page.summary.reset();
        m_page.endedRun.reset();
        Q_EMIT runChanged();
    }
    if (news.forecast) m_page.forecast = news.forecast;
    if (news.phase) {
        m_phase = toQt(*news.phase);
        m_progress = {};
        if (m_state == TrainingState::Starting && isInSteps()) setState(TrainingState::Running);
    }
    if (news.progress) m_progress = *news.progress;
    for (const std::string& notice : news.notices)
        m_page.notices << noticeText(notice);
    m_page.answers.insert(m_page.answers.end(), news.answers.begin(), news.answers.end());
    takePoints(news.samples);
    if (m_job) m_job->setSecondsLeft(secondsLeft());
    Q_EMIT progressed();
}

void TrainingManager::takePoints(const std::vector<MetricSample>& samples) {
    for (const MetricSample& sample : samples) {
        if (sample.point.isEvaluation) continue;
        m_lastSeconds = m_context.workspace.clock->monotonicSeconds();
        if (!m_page.lastPoint) {
            m_firstStep = sample.point.step;
            m_firstSeconds = m_lastSeconds;
        }
        m_page.lastPoint = sample.point;
    }
    m_metrics.append(samples);
}

void TrainingManager::saveNumbers(const QString& path) {
    const auto columns = std::make_shared<const MetricColumns>(m_metrics.columns());
    m_saver.save(path, [columns]() -> Result<std::string> { return metricCsv(*columns); });
}

void TrainingManager::pause() {
    if (m_state != TrainingState::Running || !m_job) return;
    m_stopWish.set(jobs::StopKeeps::Last); // what may be talked to meanwhile is the newest
    setState(TrainingState::Pausing);
    m_job->cancel();
}

void TrainingManager::stop(jobs::StopKeeps keeps) {
    if (m_state == TrainingState::Paused) {
        setState(TrainingState::Done);
        Q_EMIT runEnded(m_page.run.name, m_page.summary ? toQt(m_page.summary->adapterName) : QString());
        Q_EMIT rested({});
        return;
    }
    if (!isActive() || !m_job) return;
    m_stopWish.set(keeps);
    setState(TrainingState::Stopping);
    m_job->cancel();
}

void TrainingManager::jobChanged() {
    // Cancelled by the status bar or when the window closes.
    const bool isCancelled = m_job && m_job->state() == JobState::Stopping;
    if (isCancelled && (m_state == TrainingState::Starting || m_state == TrainingState::Running))
        setState(TrainingState::Stopping);
}

void TrainingManager::showForm() {
    if (isActive() || isEditable()) return;
    m_page.problem.reset();
    setState(formState());
    m_page.run = {};
    m_metrics.clear();
    Q_EMIT runChanged();
    m_setup.checkAgain();
    refresh();
}

void TrainingManager::ended(const std::optional<Error>& error,
                            const std::optional<jobs::TrainSummary>& summary) {
    const bool isPause = m_state == TrainingState::Pausing;
    m_progress = {};
    m_phase.clear();
    if (!summary) {
        endedBy(error.value_or(Error{codes::kInternal, "the run ended without a result"}));
    } else {
        m_page.summary = summary;
        const bool isInterrupted = summary->end == jobs::TrainEnd::Interrupted;
        setState(isPause && isInterrupted ? TrainingState::Paused : TrainingState::Done);
        if (m_state == TrainingState::Done) Q_EMIT runEnded(m_page.run.name, toQt(summary->adapterName));
    }
    m_job = nullptr;
    m_before = Before();
    Q_EMIT progressed();
    refresh();
    Q_EMIT rested(error);
}

void TrainingManager::endedBy(const Error& error) {
    const bool isStop = error.code == codes::kCancelled;
    const bool wasShown = m_before.state > TrainingState::DoesNotFit;
    if (m_hasBegun && !isStop) {
        m_page.problem = error;
        setState(TrainingState::Failed);
        readEndedRun();
        Q_EMIT runEnded(m_page.run.name, {});
        return;
    }
    if (wasShown) {
        fallBack();
        if (!isStop) m_page.problem = error;
        setState(m_before.state);
        Q_EMIT runChanged();
        return;
    }
    m_page = {};
    if (!isStop) m_page.problem = error;
    m_metrics.clear();
    setState(formState());
    Q_EMIT runChanged();
    if (error.code.text.starts_with("FIT-")) m_setup.checkAgain();
}

/// A run that could not go on stays as it was, and so does the one that was shown while another was tried.
void TrainingManager::fallBack() {
    m_page = std::move(m_before.page);
    m_metrics.assign(std::move(m_before.metrics));
}

void TrainingManager::readEndedRun() {
    runTask<Result<jobs::RunInfo>>(
        m_context.filePool, m_context.jobs,
        [root = m_context.workspace.root, name = fromQt(m_page.run.name)] {
            return jobs::findRun(root, name);
        },
        this,
        [this](const Result<jobs::RunInfo>& run) {
            if (!run || m_state != TrainingState::Failed || toQt(run->name) != m_page.run.name) return;
            m_page.endedRun = *run;
            Q_EMIT progressed();
        });
}

bool TrainingManager::isShown(const jobs::RunInfo& run) const {
    return !isEditable() && toQt(run.name) == runName();
}

void TrainingManager::offer(std::optional<jobs::RunInfo> unfinished) {
    m_unfinished = std::move(unfinished);
    Q_EMIT unfinishedChanged();
}

void TrainingManager::takeNewName(const QString& run, const QString& name) {
    m_queue->takeNewName(run, name);
    if (!isEditable() && m_page.run.name == run) {
        m_page.run.name = name;
        if (m_page.summary) m_page.summary->runName = fromQt(name);
        if (m_state == TrainingState::Failed) readEndedRun();
        Q_EMIT runChanged();
    }
    refresh();
}

void TrainingManager::refresh() {
    runTask<std::optional<jobs::RunInfo>>(
        m_context.filePool, m_context.jobs,
        [root = m_context.workspace.root] {
            std::optional<jobs::RunInfo> newest;
            for (jobs::RunInfo& run : jobs::listRuns(root))
                if (!newest || run.record.updatedAt > newest->record.updatedAt) newest = std::move(run);
            const bool isFailure = newest && newest->record.state == jobs::RunState::Failed;
            if (newest && (!canResume(*newest) || (isFailure && newest->checkpoints.empty()))) newest.reset();
            return newest;
        },
        this,
        [this, asked = ++m_unfinishedAsked](std::optional<jobs::RunInfo> newest) {
            if (asked != m_unfinishedAsked) return;
            if (newest && isShown(*newest)) newest.reset();
            offer(std::move(newest));
        });
}

} // namespace llamahome::managers
