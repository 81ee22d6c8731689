// runTraining and resumeTraining: from a plan to a finished adapter. The engine thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/cancel_token.h"
#include "core/clock.h"
#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/root_lock.h"
#include "jobs/train/run_controls.h"
#include "jobs/train/run_record.h"
#include "jobs/train/train_plan.h"
#include "jobs/train/train_sink.h"
#include "llama/engine.h"

namespace llamahome::jobs {

/// Reads and checks the data, forecasts memory and disk, makes the run folder, loads the model, answers the
/// evaluation prompts, trains, answers them again and writes the finished adapter: of the best state where
/// there is validation, else of the last. A run that is stopped on request is no error: it returns a
/// summary with a checkpoint and the adapter that controls.stop wants; only one stopped before its training
/// began is RUN-00. While the disk is full it waits with its state in memory (disk_wait.h).
/// DATA-xx: a bad row, named by file and line; FIT-01, FIT-02: does not fit memory or disk, naming the
/// setting to change; TRAIN-01: a loss that is no number, ENG-04: no memory is left; the run is recorded as
/// failed, its checkpoints stay, and the message says with what change it can go on (remedy.h).
Result<TrainSummary> runTraining(const TrainPlan& plan, engine::Engine& engine, const RootLock& lock,
                                 FileLayer& files, const Clock& clock, TrainSink& sink,
                                 const CancelToken& cancel, const RunControls& controls = {});

struct ResumeRequest {
    std::string runName;
    std::string commandLine; ///< for the log
    std::string programVersion;
    std::uint64_t memoryBytes = 0; ///< as in TrainPlan
    /// Settings that are another from here on; see run_changes.h. The run is then not what it would have been
    /// without them, and its record says from which step.
    std::vector<RunSetting> changes = {};
};

/// Goes on from the newest checkpoint that verifies, and says when that is not the newest one; from the start
/// where the run was cut off before its first. With another learning rate after TRAIN-01 it goes on from the
/// best state, because those after it led to the numbers that are none. RUN-01 unknown, RUN-06 still running,
/// RUN-07 nothing left to do, RUN-08 base, data or settings are not those of the run (named, found against
/// recorded) or may not be changed, CKPT-02 no checkpoint verifies.
Result<TrainSummary> resumeTraining(const ResumeRequest& request, engine::Engine& engine,
                                    const RootLock& lock, FileLayer& files, const Clock& clock,
                                    TrainSink& sink, const CancelToken& cancel,
                                    const RunControls& controls = {});

} // namespace llamahome::jobs
