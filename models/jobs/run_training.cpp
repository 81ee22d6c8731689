#include "jobs/run_training.h"

#include <algorithm>
#include <array>

#include "core/error_codes.h"
#include "core/log.h"
#include "core/quantity.h"
#include "formats/peft_adapter.h"
#include "jobs/run_identity.h"
#include "jobs/run_list.h"
#include "jobs/train_session.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::array kModules{"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"};

/// Everything about a run that is settled before its folder exists.
struct Prepared {
    TrainWork work;
    TrainForecast forecast;
};

/// Takes rank, scaling and targets from the adapter that training goes on from: what is trained is that one.
void adoptShape(const formats::PeftAdapter& adapter, config::LoraSettings& lora) {
    lora.r = static_cast<int>(adapter.r);
    lora.alpha = adapter.scaling() * static_cast<double>(adapter.r);
    lora.target_modules.clear();
    for (const char* module : kModules) {
        const std::string ending = "." + std::string(module);
        const auto has = [&](const formats::LoraPair& pair) { return pair.module.ends_with(ending); };
        if (std::any_of(adapter.pairs.begin(), adapter.pairs.end(), has))
            lora.target_modules.push_back(module);
    }
}

Result<void> addInitialAdapter(const TrainPlan& plan, TrainSink& sink, TrainWork& work) {
    if (!plan.initAdapter) return {};
    auto adapter = formats::readPeftAdapter(*plan.initAdapter);
    if (!adapter) return adapter.error();
    adoptShape(*adapter, work.settings.training.lora);
    sink.onNotice("training goes on from " + displayPath(*plan.initAdapter) + ": rank " +
                  std::to_string(adapter->r) + ", alpha " + formatNumber(work.settings.training.lora.alpha) +
                  " and target modules are its own");
    work.initialAdapter = std::move(*adapter);
    return {};
}

/// Reads the data, settles what is `auto`, and refuses what does not fit.
Result<Prepared> prepare(const TrainPlan& plan, const TrainPlace& place) {
    place.sink.onPhase("reading the data");
    const auto tokenizer = text::Tokenizer::load(plan.modelFolder);
    if (!tokenizer) return tokenizer.error();
    const auto chatTemplate = text::ChatTemplate::load(plan.modelFolder, plan.settings.data.template_name);
    if (!chatTemplate) return chatTemplate.error();
    const auto model = formats::readModelConfig(plan.modelFolder / "config.json");
    if (!model) return model.error();
    Prepared prepared;
    TrainPlan settled = plan;
    // A date that a template prints must be the same when the run goes on tomorrow.
    if (settled.settings.data.date.empty())
        settled.settings.data.date = chatTemplate->defaultDate(place.clock);
    prepared.work.settings = settled.settings;
    if (auto added = addInitialAdapter(plan, place.sink, prepared.work); !added) return added.error();
    settled.settings = prepared.work.settings;
    auto data = readTrainData(settled, *tokenizer, *chatTemplate, place.cancel,
                              [&place](const Progress& progress) { place.sink.onProgress(progress); });
    if (!data) return data.error();
    for (const std::string& notice : data->notices)
        place.sink.onNotice(notice);
    const auto forecast = forecastTraining(settled, *model, *data, place.root, {});
    if (!forecast) return forecast.error();
    place.sink.onForecast(*forecast);
    if (auto fits = checkFits(*forecast, settled.settings); !fits) return fits.error();
    prepared.work.settings.training.batch_size = forecast->batchSize;
    prepared.work.settings.training.gradient_checkpointing = forecast->recompute ? "on" : "off";
    prepared.work.data = std::move(*data);
    prepared.forecast = *forecast;
    return prepared;
}

fs::path absolutePath(const fs::path& path) {
    std::error_code failure;
    const fs::path absolute = fs::absolute(path, failure).lexically_normal();
    return failure ? path : absolute;
}

Result<RunRecord> recordOf(const TrainPlan& plan, const Prepared& prepared, const TrainPlace& place) {
    place.sink.onPhase("hashing data and model");
    const ProgressSink progress = [&place](const Progress& state) { place.sink.onProgress(state); };
    RunRecord record;
    record.family = plan.family;
    record.version = plan.version;
    record.modelFolder = absolutePath(plan.modelFolder);
    record.hubId = plan.hubId;
    const auto digest = modelIdentity(plan.modelFolder, place.cancel, progress);
    if (!digest) return digest.error();
    record.modelDigest = *digest;
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
    return record;
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
    auto adapter = formats::readPeftAdapter(record.initAdapter);
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
    record.process = ProcessMark::ofThisProcess();
    return run.update(std::move(record), clock);
}

} // namespace

Result<TrainSummary> runTraining(const TrainPlan& plan, engine::Engine& engine, const DataRoot& root,
                                 FileLayer& files, const Clock& clock, TrainSink& sink,
                                 const CancelToken& cancel) {
    const TrainPlace place{engine, root, files, clock, sink, cancel};
    auto prepared = prepare(plan, place);
    if (!prepared) return prepared.error();
    auto record = recordOf(plan, *prepared, place);
    if (!record) return record.error();
    if (auto cleared = clearRemovedRuns(files, root); !cleared)
        logLine(LogLevel::Warning, "jobs", "a removed run's files stay: " + cleared.error().message);
    auto run = RunFolder::create(files, root.checkpoints(), plan.runName, prepared->work.settings,
                                 std::move(*record), clock);
    if (!run) return run.error();
    sink.onStart(*run);
    return TrainSession(place, *run, std::move(prepared->work)).run();
}

Result<TrainSummary> resumeTraining(const ResumeRequest& request, engine::Engine& engine,
                                    const DataRoot& root, FileLayer& files, const Clock& clock,
                                    TrainSink& sink, const CancelToken& cancel) {
    const TrainPlace place{engine, root, files, clock, sink, cancel};
    const auto found = findRunToResume(root, request.runName);
    if (!found) return found.error();
    sink.onPhase("checking data and model");
    const auto same = checkUnchanged(found->info.record, found->settings, cancel,
                                     [&sink](const Progress& progress) { sink.onProgress(progress); });
    if (!same) return same.error();
    auto run = RunFolder::open(files, found->info.path);
    if (!run) return run.error();
    auto state = lastState(*run, files, sink);
    if (!state) return state.error();
    auto prepared = prepare(planOf(*found, request), place);
    if (!prepared) return prepared.error();
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
