#include "jobs/train/run_training.h"

#include "core/error_codes.h"
#include "core/log.h"
#include "core/quantity.h"
#include "formats/peft/peft_adapter.h"
#include "jobs/chat_template_choice.h"
#include "jobs/train/initial_adapter.h"
#include "jobs/train/run_identity.h"
#include "jobs/train/run_list.h"
#include "jobs/train/train_session.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

/// Everything about a run that is settled before its folder exists.
struct Prepared {
    TrainWork work;
    TrainForecast forecast;
};

Result<void> addInitialAdapter(const TrainPlan& plan, const formats::ModelConfig& model, TrainSink& sink,
                               TrainWork& work) {
    if (!plan.initAdapter) return {};
    auto adapter = readInitialAdapter(*plan.initAdapter, model);
    if (!adapter) return adapter.error();
    adoptShape(*adapter, work.settings.training.lora);
    sink.onNotice("training goes on from " + displayPath(*plan.initAdapter) + ": rank " +
                  std::to_string(adapter->r) + ", alpha " + formatNumber(adapter->alpha) + " and the " +
                  std::to_string(adapter->pairs.size()) + " modules that it has are kept");
    work.initialAdapter = std::move(*adapter);
    return {};
}

/// Reads the data, settles what is `auto`, and refuses what does not fit.
Result<Prepared> prepare(const TrainPlan& plan, const TrainPlace& place) {
    place.sink.onPhase("reading the data");
    const auto tokenizer = text::Tokenizer::load(plan.modelFolder);
    if (!tokenizer) return tokenizer.error();
    const auto chatTemplate = chosenTemplate(plan.modelFolder, plan.settings.data.template_name);
    if (!chatTemplate) return chatTemplate.error();
    const auto model = formats::readModelConfig(plan.modelFolder / "config.json");
    if (!model) return model.error();
    Prepared prepared;
    TrainPlan settled = plan;
    // A date that a template prints must be the same when the run goes on tomorrow.
    if (settled.settings.data.date.empty())
        settled.settings.data.date = chatTemplate->defaultDate(place.clock);
    prepared.work.settings = settled.settings;
    if (auto added = addInitialAdapter(plan, *model, place.sink, prepared.work); !added) return added.error();
    settled.settings = prepared.work.settings;
    auto data = readTrainData(settled, *tokenizer, *chatTemplate, place.cancel,
                              [&place](const Progress& progress) { place.sink.onProgress(progress); });
    if (!data) return data.error();
    const auto forecast = forecastTraining(settled, *model, sizesOf(*data), place.root, {});
    if (!forecast) return forecast.error();
    for (const std::string& notice : forecast->notices)
        place.sink.onNotice(notice);
    place.sink.onForecast(*forecast);
    if (auto fits = checkFits(*forecast, settled.settings); !fits) return fits.error();
    if (const auto words = settledInWords(*forecast, settled.settings.training); !words.empty())
        place.sink.onNotice(words);
    prepared.work.settings.training.batch_size = forecast->batchSize;
    prepared.work.settings.training.gradient_accumulation = forecast->gradientAccumulation;
    prepared.work.recomputedLayers = forecast->recomputedLayers;
    prepared.work.data = std::move(*data);
    prepared.forecast = *forecast;
    return prepared;
}

fs::path absolutePath(const fs::path& path) {
    std::error_code failure;
    const fs::path absolute = fs::absolute(path, failure).lexically_normal();
    return failure ? path : absolute;
}

std::vector<fs::path> filesOf(const TrainPlan& plan) {
    std::vector<fs::path> files = plan.dataFiles;
    if (plan.validationFile) files.push_back(*plan.validationFile);
    return files;
}

/// What the data is, told before it is read: FileWatch sees to it that the same is read.
Result<void> identifyData(const TrainPlan& plan, const TrainPlace& place, RunRecord& record) {
    place.sink.onPhase("hashing the data");
    const ProgressSink progress = [&place](const Progress& state) { place.sink.onProgress(state); };
    for (const fs::path& file : plan.dataFiles) {
        auto identified = identifyDataFile(file, place.cancel, progress);
        if (!identified) return identified.error();
        record.dataFiles.push_back(std::move(*identified));
    }
    if (plan.validationFile) {
        auto identified = identifyDataFile(*plan.validationFile, place.cancel, progress);
        if (!identified) return identified.error();
        record.validationFile = std::move(*identified);
    }
    return {};
}

Result<void> completeRecord(const TrainPlan& plan, const Prepared& prepared, const TrainPlace& place,
                            RunRecord& record) {
    place.sink.onPhase("hashing the model");
    const ProgressSink progress = [&place](const Progress& state) { place.sink.onProgress(state); };
    record.family = plan.family;
    record.version = plan.version;
    record.modelFolder = absolutePath(plan.modelFolder);
    record.hubId = plan.hubId;
    const auto digest = modelIdentity(plan.modelFolder, place.cancel, progress);
    if (!digest) return digest.error();
    record.modelDigest = *digest;
    if (plan.initAdapter) {
        const auto adapter = adapterIdentity(*plan.initAdapter, place.cancel);
        if (!adapter) return adapter.error();
        record.initAdapter = absolutePath(*plan.initAdapter);
        record.initAdapterDigest = *adapter;
    }
    record.settings = decisiveSettings(prepared.work.settings);
    record.commandLine = plan.commandLine;
    record.programVersion = plan.programVersion;
    record.totalSteps = prepared.forecast.totalSteps;
    return {};
}

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

/// The state to go on from; nothing for a run that was cut off before its first step was kept.
Result<std::optional<engine::TrainState>> lastState(const RunFolder& run, FileLayer& files, TrainSink& sink) {
    const CheckpointStore store(files, run.checkpoints(), 1, {});
    std::optional<engine::TrainState> state;
    if (!store.steps().empty()) {
        auto loaded = store.loadNewest();
        if (!loaded) return loaded.error();
        for (const std::string& reason : loaded->skipped)
            sink.onNotice("a checkpoint was passed over: " + reason);
        if (loaded->state.step > 0) state = std::move(loaded->state);
    }
    sink.onNotice(state ? "resuming after step " + std::to_string(state->step)
                        : "run '" + run.name() + "' had no step done yet and begins from its start");
    return state;
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

Result<void> markRunning(RunFolder& run, const ResumeRequest& request, std::int64_t step, FileLayer& files,
                         const Clock& clock) {
    auto metrics = MetricLog::open(files, run.metricsFile(), clock);
    if (!metrics) return metrics.error();
    // A run that begins anew measures step 0 again, so nothing before counts.
    if (auto appended = metrics->appendResume(step > 0 ? step : -1); !appended) return appended;
    RunRecord record = run.record();
    record.state = RunState::Running;
    record.cause.clear();
    record.code.clear();
    record.step = step;
    record.programVersion = request.programVersion;
    return run.update(std::move(record), clock);
}

} // namespace

Result<TrainSummary> runTraining(const TrainPlan& plan, engine::Engine& engine, const RootLock& lock,
                                 FileLayer& files, const Clock& clock, TrainSink& sink,
                                 const CancelToken& cancel) {
    const DataRoot& root = lock.root();
    const TrainPlace place{engine, root, files, clock, sink, cancel};
    if (auto free = checkRunName(root.checkpoints(), plan.runName); !free) return free.error();
    const FileWatch watch(filesOf(plan));
    RunRecord record;
    if (auto identified = identifyData(plan, place, record); !identified) return identified.error();
    auto prepared = prepare(plan, place);
    if (!prepared) return prepared.error();
    if (auto same = watch.check(); !same) return same.error();
    if (auto completed = completeRecord(plan, *prepared, place, record); !completed) return completed.error();
    if (auto cleared = clearRemovedRuns(lock, files); !cleared)
        logLine(LogLevel::Warning, "jobs", "a removed run's files stay: " + cleared.error().message);
    auto run = RunFolder::create(files, root.checkpoints(), plan.runName, prepared->work.settings,
                                 std::move(record), clock);
    if (!run) return run.error();
    sink.onStart(*run);
    return TrainSession(place, *run, std::move(prepared->work)).run();
}

Result<TrainSummary> resumeTraining(const ResumeRequest& request, engine::Engine& engine,
                                    const RootLock& lock, FileLayer& files, const Clock& clock,
                                    TrainSink& sink, const CancelToken& cancel) {
    const DataRoot& root = lock.root();
    const TrainPlace place{engine, root, files, clock, sink, cancel};
    const auto found = findRunToResume(root, request.runName);
    if (!found) return found.error();
    const TrainPlan plan = planOf(*found, request);
    const FileWatch watch(filesOf(plan));
    sink.onPhase("checking data and model");
    const auto same = checkUnchanged(found->info.record, found->settings, cancel,
                                     [&sink](const Progress& progress) { sink.onProgress(progress); });
    if (!same) return same.error();
    auto run = RunFolder::open(files, found->info.path);
    if (!run) return run.error();
    auto state = lastState(*run, files, sink);
    if (!state) return state.error();
    auto prepared = prepare(plan, place);
    if (!prepared) return prepared.error();
    if (auto unchanged = watch.check(); !unchanged) return unchanged.error();
    TrainWork& work = prepared->work;
    work.resumeFrom = std::move(*state);
    if (auto added = addInitialAdapterAgain(run->record(), cancel, work); !added) return added.error();
    const std::int64_t step = work.resumeFrom ? work.resumeFrom->step : 0;
    if (auto marked = markRunning(*run, request, step, files, clock); !marked) return marked.error();
    sink.onStart(*run);
    logLine(LogLevel::Info, "jobs",
            "run " + run->name() + " goes on after step " + std::to_string(step) + ": " +
                request.commandLine);
    return TrainSession(place, *run, std::move(work)).run();
}

} // namespace llamahome::jobs
