#include <algorithm>

#include "core/error_codes.h"
#include "core/log.h"
#include "jobs/train/checkpoint_store.h"
#include "jobs/train/initial_adapter.h"
#include "jobs/train/run_changes.h"
#include "jobs/train/run_identity.h"
#include "jobs/train/run_list.h"
#include "jobs/train/run_training.h"
#include "jobs/train/train_preparation.h"

namespace llamahome::jobs {
namespace {

/// The run with its settings as they were resolved when it began.
struct RunToResume {
    RunInfo info;
    config::Settings settings;
};

Result<RunToResume> findRunToResume(const DataRoot& root, const std::string& name) {
    auto run = findRun(root, name);
    if (!run) return run.error();
    if (run->record.state == RunState::Running)
        return Error{codes::kRunActive, "resume: run '" + name + "' is running (process " +
                                            std::to_string(run->record.process.pid) +
                                            "); stop it first, or wait for its end"};
    if (run->record.state == RunState::Finished)
        return Error{codes::kRunComplete, "resume: run '" + name + "' is finished (" + run->record.cause +
                                              "); its adapter is " +
                                              displayPath(run->record.adapterFolder.filename()) +
                                              ", go on from it with --init-adapter"};
    if (run->record.startedAt.empty())
        return Error{codes::kRunDamaged, "resume: run '" + name +
                                             "' was cut off before it began; remove it "
                                             "with `llamahome runs remove " +
                                             name + "` and train anew"};
    auto settings = readRunSettings(*run);
    if (!settings) return settings.error();
    return RunToResume{std::move(*run), std::move(*settings)};
}

TrainPlan planOf(const RunToResume& run, const ResumeRequest& request) {
    const RunRecord& record = run.info.record;
    TrainPlan plan;
    plan.settings = run.settings;
    plan.modelFolder = record.modelFolder;
    plan.family = record.family;
    plan.version = record.version;
    plan.hubId = record.hubId;
    for (const RunDataFile& file : record.dataFiles)
        plan.dataFiles.push_back(file.path);
    if (record.validationFile) plan.validationFile = record.validationFile->path;
    plan.memoryBytes = request.memoryBytes;
    return plan;
}

bool changesRate(const std::vector<RunChange>& changes) {
    return std::any_of(changes.begin(), changes.end(),
                       [](const RunChange& change) { return change.key == "training.learning_rate"; });
}

/// Where a run goes on.
struct ResumePoint {
    std::optional<engine::TrainState> state; ///< nothing: from the start
    bool dropsLater = false; ///< later states led to numbers that are none: a run that is cut off must not go
                             ///< on from them
};

/// The state to go on from with another learning rate after numbers that are none: what came after the best
/// state led to them. Nothing where that is the start.
Result<std::optional<engine::TrainState>> stateBeforeDivergence(const CheckpointStore& store,
                                                                std::int64_t failedStep, TrainSink& sink) {
    const auto steps = store.steps();
    if (std::none_of(steps.begin(), steps.end(), [&](std::int64_t step) { return step < failedStep; }))
        return std::optional<engine::TrainState>();
    auto newest = store.loadNewest(failedStep - 1);
    if (!newest) return newest.error();
    std::optional<engine::TrainState> state = std::move(newest->state);
    if (state->best && state->best->step < state->step) {
        if (auto best = store.load(state->best->step))
            state = std::move(best->state);
        else
            sink.onNotice("the best state cannot be used, the last one is taken: " + best.error().message);
    }
    if (state->step == 0) state.reset();
    return state;
}

/// CKPT-02 where there are states and none of them can be used.
Result<ResumePoint> resumePoint(const RunFolder& run, const CheckpointStore& store,
                                const std::vector<RunChange>& changes, TrainSink& sink) {
    ResumePoint point;
    point.dropsLater = run.record().code == codes::kNonFiniteLoss.text && changesRate(changes);
    if (point.dropsLater) {
        auto before = stateBeforeDivergence(store, run.record().step, sink);
        if (!before) return before.error();
        point.state = std::move(*before);
    } else if (!store.steps().empty()) {
        auto loaded = store.loadNewest();
        if (!loaded) return loaded.error();
        for (const std::string& reason : loaded->skipped)
            sink.onNotice("a checkpoint was passed over: " + reason);
        if (loaded->state.step > 0) point.state = std::move(loaded->state);
    }
    sink.onNotice(point.state ? "resuming after step " + std::to_string(point.state->step)
                              : "run '" + run.name() + "' begins from its start");
    return point;
}

/// A run that begins from its start needs the adapter that it began from.
Result<void> addInitialAdapterAgain(const RunRecord& record, const CancelToken& cancel, TrainWork& work) {
    if (work.resumeFrom || record.initAdapter.empty()) return {};
    const auto digest = adapterIdentity(record.initAdapter, cancel);
    if (!digest) return digest.error();
    if (*digest != record.initAdapterDigest)
        return Error{codes::kRunChanged, "resume: the adapter " + displayPath(record.initAdapter) +
                                             " is not that of the run: found " + *digest + ", recorded " +
                                             record.initAdapterDigest + "; start a new run"};
    const auto model = formats::readModelConfig(record.modelFolder / "config.json");
    if (!model) return model.error();
    auto adapter = readInitialAdapter(record.initAdapter, *model);
    if (!adapter) return adapter.error();
    work.initialAdapter = std::move(*adapter);
    return {};
}

/// Says what is another from here on, and records it.
void tellChanges(std::vector<RunChange> changes, std::vector<RunChange> machine, std::int64_t step,
                 TrainSink& sink, RunRecord& record) {
    const std::string from = "from step " + std::to_string(step) + " on ";
    if (!changes.empty()) sink.onNotice(from + "this is not the undisturbed run: " + changesInWords(changes));
    if (!machine.empty())
        sink.onNotice(from + "the run may differ in its last digits from an undisturbed one: " +
                      changesInWords(machine));
    for (auto* list : {&changes, &machine})
        for (RunChange& change : *list) {
            change.step = step;
            record.changes.push_back(std::move(change));
        }
}

/// The record of a run that goes on from there, with what is another since.
RunRecord recordFrom(RunRecord record, const std::optional<engine::TrainState>& state,
                     const ResumeRequest& request, std::vector<RunChange> changes, const TrainPlace& place) {
    const RunMachine machine = machineOf(place.engine);
    record.step = state ? state->step : 0;
    tellChanges(std::move(changes), machineChanges(record, machine, request.programVersion), record.step,
                place.sink, record);
    record.machine = machine;
    record.programVersion = request.programVersion;
    record.best.reset();
    if (state && state->best) record.best = RunBest{state->best->evalLoss, state->best->step};
    record.state = RunState::Running;
    record.cause.clear();
    record.code.clear();
    return record;
}

/// `isChanged`: what follows is another run than the one that went on from here before, if one did.
Result<void> markRunning(RunFolder& run, RunRecord record, bool isChanged, FileLayer& files,
                         const Clock& clock) {
    if (isChanged)
        if (auto dropped = dropSamplesAfter(files, run.samplesFile(), record.step); !dropped) return dropped;
    auto metrics = MetricLog::open(files, run.metricsFile(), clock);
    if (!metrics) return metrics.error();
    // A run that begins anew measures step 0 again, so nothing before counts.
    if (auto appended = metrics->appendResume(record.step > 0 ? record.step : -1); !appended) return appended;
    return run.update(std::move(record), clock);
}

} // namespace

Result<TrainSummary> resumeTraining(const ResumeRequest& request, engine::Engine& engine,
                                    const RootLock& lock, FileLayer& files, const Clock& clock,
                                    TrainSink& sink, const CancelToken& cancel, const RunControls& controls) {
    const DataRoot& root = lock.root();
    const TrainPlace place{engine, root, files, clock, sink, cancel, controls};
    auto found = findRunToResume(root, request.runName);
    if (!found) return found.error();
    const config::Settings before = found->settings;
    auto changes = changeSettings(request.changes, found->settings);
    if (!changes) return changes.error();
    const TrainPlan plan = planOf(*found, request);
    const FileWatch watch(filesOf(plan));
    sink.onPhase("checking data and model");
    const auto same = checkUnchanged(found->info.record, before, cancel,
                                     [&sink](const Progress& progress) { sink.onProgress(progress); });
    if (!same) return same.error();
    auto run = RunFolder::open(files, found->info.path);
    if (!run) return run.error();
    auto prepared = prepare(plan, place);
    if (!prepared) return prepared.error();
    if (auto unchanged = watch.check(); !unchanged) return unchanged.error();
    CheckpointStore store(files, run->checkpoints(), 1, {});
    auto point = resumePoint(*run, store, *changes, sink);
    if (!point) return point.error();
    TrainWork& work = prepared->work;
    work.resumeFrom = std::move(point->state);
    if (auto added = addInitialAdapterAgain(run->record(), cancel, work); !added) return added.error();
    if (point->dropsLater)
        if (auto dropped = store.dropAfter(work.resumeFrom ? work.resumeFrom->step : -1); !dropped)
            return dropped.error();
    const bool isChanged = !changes->empty();
    RunRecord record = recordFrom(run->record(), work.resumeFrom, request, std::move(*changes), place);
    record.totalSteps = prepared->forecast.totalSteps;
    if (auto marked = markRunning(*run, std::move(record), isChanged, files, clock); !marked)
        return marked.error();
    sink.onStart(*run);
    logLine(LogLevel::Info, "jobs",
            "run " + run->name() + " goes on after step " + std::to_string(run->record().step) + ": " +
                request.commandLine);
    return TrainSession(place, *run, std::move(work)).run();
}

} // namespace llamahome::jobs
