// TrainingManager: starts, follows and ends the one training run of this program. A QObject; GUI thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <QObject>
#include <QPointer>
#include <QString>
#include <QStringList>

#include "jobs/train/run_list.h"
#include "jobs/train/run_training.h"
#include "jobs/train/train_sink.h"
#include "managers/file_saver.h"
#include "managers/manager_context.h"
#include "managers/metric_store.h"
#include "managers/train_relay.h"
#include "managers/training_setup.h"

namespace llamahome::managers {

struct JobControl;
class TrainingQueue;

enum class TrainingState {
    NothingChosen, ///< model or data is missing, or problem() says why they cannot be used
    CheckingData,
    Ready,
    DoesNotFit, ///< problem() says what is missing, setup().outlook() what would make it fit
    Starting,   ///< reading, hashing, loading, answering the prompts before
    Running,
    Pausing,
    Paused, ///< stopped with a checkpoint, and the engine is free; resume(runName()) goes on
    Stopping,
    Done,   ///< summary() is there; its end says whether finished, stopped early or on request
    Failed, ///< problem() says why, endedRun() what was kept
};

/// The run that is shown, as it was resolved.
struct ShownRun {
    QString name;  ///< empty before its folder is there
    QString model; ///< as in ModelEntry::name
    QStringList data;
    QString preset; ///< empty: none, or not known
    config::Settings settings;
};

/// One run at a time. Until one is started setup() is shown; then the run is, until showForm().
class TrainingManager final : public QObject {
    Q_OBJECT

public:
    /// All outlive it.
    TrainingManager(ManagerContext& context, ModelManager& models, SettingsManager& settings,
                    QObject* parent = nullptr);
    /// Asks a run that goes on to stop; the engine host waits for it.
    ~TrainingManager() override;

    TrainingState state() const { return m_state; }
    /// Whether the form is shown and may be changed.
    bool isEditable() const { return m_state <= TrainingState::DoesNotFit; }
    /// Whether a run has the engine thread: chat must wait, or pause it.
    bool isActive() const;

    TrainingSetup& setup() { return m_setup; }
    const TrainingSetup& setup() const { return m_setup; }

    /// In state Ready only. What stands in its way, the root's lock or a removal of the model for one, is
    /// told by problem() in the state of before.
    void start();
    /// Starts another choice than the form's; `model` names it where it has none any more. What stands in its
    /// way already is returned and changes nothing; the rest is told as by start(). Not while isActive().
    std::optional<Error> startChoice(const TrainingChoice& choice, const QString& model);
    /// What begins after the run that is there.
    TrainingQueue& queue() { return *m_queue; }
    /// Whether the run that was started or continued last came to have its folder.
    bool hasBegun() const { return m_hasBegun; }
    /// An orderly stop with a checkpoint; in state Running only.
    void pause();
    /// An orderly stop that keeps that; a paused run becomes Done. In states Starting to Paused. A stop by
    /// other ways, of the job for one, keeps the best.
    void stop(jobs::StopKeeps keeps = jobs::StopKeeps::Best);
    /// Goes on with a stopped, interrupted or failed run: the one shown, the unfinished() one, or any of the
    /// disk, which is looked up first. Not while isActive(). What stands in its way is told as by start().
    /// `changes`: settings that are another from there on, those of a remedy for one.
    void resume(const QString& runName, const std::vector<jobs::RunSetting>& changes = {});
    /// Leaves a run that does not go on and gives the form back.
    void showForm();

    MetricStore& metrics() { return m_metrics; }
    const MetricStore& metrics() const { return m_metrics; }
    /// Writes the numbers so far to `path` as metricCsv() has them; saver() tells.
    void saveNumbers(const QString& path);
    FileSaver& saver() { return m_saver; }
    /// Set while !isEditable().
    const ShownRun& run() const { return m_page.run; }
    QString runName() const { return m_page.run.name; }
    /// In words: "loading the model".
    QString phase() const { return m_phase; }
    /// Whether phase() is that of the steps, and not what comes before or after them.
    bool isInSteps() const;
    /// What phase() counts, if anything: steps while isInSteps(), rows of phase "evaluating" between them.
    const Progress& progress() const { return m_progress; }
    /// Of the steps, by their own pace so far, evaluations included; nothing before two of them.
    std::optional<double> secondsLeft() const;
    /// The newest step; nothing before the first.
    const std::optional<engine::MetricPoint>& lastPoint() const { return m_page.lastPoint; }
    /// Rows, steps and bytes; nothing before the data is read.
    const std::optional<jobs::TrainForecast>& forecast() const { return m_page.forecast; }
    /// Accepted, but worth a word, in order.
    const QStringList& notices() const { return m_page.notices; }
    /// To the evaluation prompts, before and after, as they come.
    const std::vector<jobs::SampleAnswer>& answers() const { return m_page.answers; }
    /// In Paused and Done.
    const std::optional<jobs::TrainSummary>& summary() const { return m_page.summary; }
    /// The run as it lies on the disk after a failure: its step, checkpoints and bytes; soon after Failed.
    const std::optional<jobs::RunInfo>& endedRun() const { return m_page.endedRun; }
    /// Why the run failed, could not begin, or why the form's choice cannot be trained.
    const std::optional<Error>& problem() const;
    /// The same for a shell: of the run that is shown, else of the form.
    QString commandLine() const;

    /// The newest run of the root, where it was stopped, cut off or failed with a checkpoint and so can go
    /// on, and is not the one shown.
    const std::optional<jobs::RunInfo>& unfinished() const { return m_unfinished; }
    /// Looks for it anew; unfinishedChanged() follows.
    void refresh();
    /// A run that is at rest has another name on the disk.
    void takeNewName(const QString& run, const QString& name);

Q_SIGNALS:
    void stateChanged();
    /// Phase, progress, last point, notices, answers, forecast, endedRun() or problem(); at most ten times a
    /// second.
    void progressed();
    /// run() is another.
    void runChanged();
    void unfinishedChanged();
    /// A run has ended for good or on request, with an adapter of that name (empty: none). Not for paused
    /// ones.
    void runEnded(const QString& run, const QString& adapter);
    /// No run is at work any more: it is done, failed, stopped, paused, or did not begin; also when a paused
    /// one is stopped. `error`: why it did not come to its end, RUN-00 for a wish.
    void rested(const std::optional<llamahome::Error>& error);

private:
    struct RunView {
        ShownRun run;
        QString commandLine;
        std::optional<MetricColumns> metrics; ///< of a run that goes on
        std::vector<jobs::SampleAnswer> answers;
    };
    /// All that is shown of a run but its metrics.
    struct Page {
        ShownRun run;
        QString commandLine;
        std::optional<jobs::TrainForecast> forecast;
        std::optional<engine::MetricPoint> lastPoint;
        QStringList notices;
        std::vector<jobs::SampleAnswer> answers;
        std::optional<jobs::TrainSummary> summary;
        std::optional<jobs::RunInfo> endedRun;
        std::optional<Error> problem; ///< of the run, or of its start
    };
    /// What a start that comes to nothing falls back to, as a whole.
    struct Before {
        TrainingState state = TrainingState::NothingChosen;
        Page page;
        MetricColumns metrics;
    };
    /// What the engine thread works with.
    struct Place {
        ManagerContext& context;
        const jobs::RootLock& lock;
        TrainRelay& relay;
        const CancelToken& cancel;
        std::function<void(RunView)> show;
        jobs::RunControls controls;
    };
    using Work = std::function<Result<jobs::TrainSummary>(Place&)>;

    /// On the engine thread, as the next two.
    static Result<jobs::TrainSummary> perform(ManagerContext& context, const QPointer<TrainingManager>& self,
                                              const Work& work, const JobControl& control,
                                              const jobs::RunControls& controls);
    static Result<jobs::TrainSummary> trainNew(Place& place, const TrainingChoice& choice);
    static Result<jobs::TrainSummary> goOn(Place& place, const std::string& runName,
                                           const std::vector<jobs::RunSetting>& changes);

    /// As in ModelEntry::name, of a run that is known without a look at the disk; empty: it is not.
    QString modelOf(const QString& runName) const;
    void resumeOn(const QString& runName, const QString& model, const std::vector<jobs::RunSetting>& changes);
    /// Whether a job with that model cannot begin now; problem() says why.
    bool isRefused(const QString& model);
    /// By the library's own path, whichever way to it the run has.
    std::vector<std::filesystem::path> foldersOf(const QString& model) const;
    void launch(const QString& title, const QString& commandLine, const QString& model, Work work);
    void show(RunView view);
    void hear(const TrainNews& news);
    void takePoints(const std::vector<MetricSample>& samples);
    void jobChanged();
    void ended(const std::optional<Error>& error, const std::optional<jobs::TrainSummary>& summary);
    void endedBy(const Error& error);
    void fallBack();
    void readEndedRun();
    void offer(std::optional<jobs::RunInfo> unfinished);
    bool isShown(const jobs::RunInfo& run) const;
    void setupChanged();
    TrainingState formState() const;
    void setState(TrainingState state);

    ManagerContext& m_context;
    ModelManager& m_models;
    TrainingSetup m_setup;
    MetricStore m_metrics;
    FileSaver m_saver;

    TrainingState m_state = TrainingState::NothingChosen;
    Before m_before;
    QPointer<Job> m_job;
    jobs::StopWish m_stopWish; ///< of the run that goes on
    bool m_hasBegun = false;   ///< the run's folder is there and taken
    Page m_page;
    QString m_phase;
    Progress m_progress;
    std::int64_t m_firstStep = 0; ///< told since the run was started or continued here
    double m_firstSeconds = 0.0;  ///< when that was
    double m_lastSeconds = 0.0;
    std::optional<jobs::RunInfo> m_unfinished;
    quint64 m_unfinishedAsked = 0;
    quint64 m_resumeAsked = 0;
    std::unique_ptr<TrainingQueue> m_queue;
};

} // namespace llamahome::managers
