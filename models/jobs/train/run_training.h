// runTraining and resumeTraining: from a plan to a finished adapter. The engine thread.
#pragma once

#include <cstdint>
#include <string>

#include "core/cancel_token.h"
#include "core/clock.h"
#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/root_lock.h"
#include "jobs/train/train_plan.h"
#include "jobs/train/train_sink.h"
#include "llama/engine.h"

namespace llamahome::jobs {

/// Reads and checks the data, forecasts memory and disk, makes the run folder, loads the model, answers the
/// evaluation prompts, trains, answers them again and writes the finished adapter: of the best state where
/// there is validation, else of the last. A run that is stopped on request is no error: it returns a
/// summary with a checkpoint and the adapter so far; only one stopped before its training began is RUN-00.
/// DATA-xx: a bad row, named by file and line; FIT-01, FIT-02: does not fit memory or disk, naming the
/// setting to change; TRAIN-01: non-finite loss, the run is recorded as failed and its checkpoints stay.
Result<TrainSummary> runTraining(const TrainPlan& plan, engine::Engine& engine, const RootLock& lock,
                                 FileLayer& files, const Clock& clock, TrainSink& sink,
                                 const CancelToken& cancel);

struct ResumeRequest {
    std::string runName;
    std::string commandLine; ///< for the log
    std::string programVersion;
    std::uint64_t memoryBytes = 0; ///< as in TrainPlan
};

/// Goes on from the newest checkpoint that verifies, and says when that is not the newest one; from the start
/// where the run was cut off before its first. RUN-01 unknown, RUN-06 still running, RUN-07 nothing left to
/// do, RUN-08 base, data or settings are not those of the run (named, found against recorded), CKPT-02 no
/// checkpoint verifies.
Result<TrainSummary> resumeTraining(const ResumeRequest& request, engine::Engine& engine,
                                    const RootLock& lock, FileLayer& files, const Clock& clock,
                                    TrainSink& sink, const CancelToken& cancel);

} // namespace llamahome::jobs
