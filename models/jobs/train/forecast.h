// What a training run will need: memory, disk, steps, tokens, time. For --dry-run and the check before a
// start. Any thread but GUI.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/cancel_token.h"
#include "core/clock.h"
#include "core/progress.h"
#include "core/result.h"
#include "formats/hub/model_config.h"
#include "jobs/library/data_root.h"
#include "jobs/memory_estimate.h"
#include "jobs/train/train_data.h"
#include "jobs/train/train_plan.h"

namespace llamahome::jobs {

struct DiskForecast {
    std::uint64_t checkpoints = 0; ///< (keep + the best + the one being written) · checkpointBytes()
    std::uint64_t adapter = 0;     ///< 4 · parameters, and 16 MiB for the tokenizer's files
    std::uint64_t logs = 0;        ///< 320 B a step and evaluation, and 1 MiB for the rest
    std::uint64_t freeBytes = 0;   ///< where the data root lies

    std::uint64_t total() const { return checkpoints + adapter + logs; }
};

struct TrainForecast {
    MemoryEstimate memory;           ///< of micro-batches whose rows are all as long as the longest
    std::uint64_t memoryAllowed = 0; ///< 0: not checked
    DiskForecast disk;
    DataCounts data;
    int batchSize = 0;      ///< rows a micro-batch; chosen here where the setting is `auto`
    bool recompute = false; ///< gradient checkpointing; chosen here where the setting is `auto`
    std::int64_t stepsPerEpoch = 0;
    std::int64_t totalSteps = 0;
    std::int64_t evaluations = 0;  ///< the one at the start included
    std::uint64_t trainTokens = 0; ///< rows consumed · mean tokens of a row
    std::uint64_t evalTokens = 0;  ///< evaluations · tokens of the validation rows
    std::uint64_t loraParameters = 0;
    std::optional<double> seconds; ///< secondsAt() the rate; nothing without one

    bool fitsMemory() const { return memoryAllowed == 0 || memory.total() <= memoryAllowed; }
    bool fitsDisk() const { return disk.total() <= disk.freeBytes; }
};

/// The forecast of a plan with its data already read. Batch size `auto`: the largest of 8, 4, 2, 1 that fits
/// memory (4 where memory is not checked). Gradient checkpointing `auto`: on only where it fits no other way.
Result<TrainForecast> forecastTraining(const TrainPlan& plan, const formats::ModelConfig& model,
                                       const TrainData& data, const DataRoot& root,
                                       std::optional<double> tokensPerSecond);

/// (trainTokens + evalTokens / 3) / tokens per second: an evaluation is a forward pass, a third of a step.
/// Nothing at a rate of nothing.
std::optional<double> secondsAt(const TrainForecast& forecast, double tokensPerSecond);

/// Reads data and initial adapter and forecasts; what --dry-run prints. Refuses the device and the run's name
/// where runTraining() would. Writes nothing.
Result<TrainForecast> dryRun(const TrainPlan& plan, const DataRoot& root,
                             std::optional<double> tokensPerSecond, const CancelToken& cancel,
                             const ProgressSink& progress);

/// FIT-01 or FIT-02: needed against available, and the settings that make it smaller.
Result<void> checkFits(const TrainForecast& forecast, const config::Settings& settings);

} // namespace llamahome::jobs
