#include "jobs/train/run_training.h"

#include "core/log.h"
#include "jobs/train/run_identity.h"
#include "jobs/train/run_list.h"
#include "jobs/train/train_preparation.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

fs::path absolutePath(const fs::path& path) {
    std::error_code failure;
    const fs::path absolute = fs::absolute(path, failure).lexically_normal();
    return failure ? path : absolute;
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
    record.machine = machineOf(place.engine);
    return {};
}

} // namespace

Result<TrainSummary> runTraining(const TrainPlan& plan, engine::Engine& engine, const RootLock& lock,
                                 FileLayer& files, const Clock& clock, TrainSink& sink,
                                 const CancelToken& cancel, const RunControls& controls) {
    const DataRoot& root = lock.root();
    const TrainPlace place{engine, root, files, clock, sink, cancel, controls};
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
    logLine(LogLevel::Info, "jobs", "run " + run->name() + " begins: " + plan.commandLine);
    return TrainSession(place, *run, std::move(prepared->work)).run();
}

} // namespace llamahome::jobs
