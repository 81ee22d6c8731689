// What a training run will need: memory, disk, steps, tokens, time. For --dry-run and the check before a
// start. Any thread but GUI.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/cancel_token.h"
#include "core/clock.h"
#include "core/progress.h"
#include "core/result.h"
#include "formats/hub/model_config.h"
#include "jobs/library/data_root.h"
#include "jobs/memory_estimate.h"
#include "jobs/train/row_sizes.h"
#include "jobs/train/train_plan.h"

namespace llamahome::jobs {

/// Rows a step, for each that gradient_accumulation counts, where batch_size is `auto`.
inline constexpr int kAutoBatchSize = 4;

/// Most tokens of TrainForecast::typicalRows, one row aside: seconds of work for a model of a billion
/// parameters.
inline constexpr std::uint64_t kTrialTokens = 1024;

struct DiskForecast {
    std::uint64_t checkpoints = 0; ///< (keep + the best + the one being written) · checkpointBytes()
    std::uint64_t adapter = 0;     ///< 4 · parameters, and 16 MiB for the tokenizer's files
    std::uint64_t logs = 0;        ///< 320 B a step and evaluation, and 1 MiB for the rest
    std::uint64_t freeBytes = 0;   ///< where the data root lies

    std::uint64_t total() const { return checkpoints + adapter + logs; }
};

struct TrainForecast {
    MemoryEstimate memory;           ///< at its peak, which the largest micro-batch of the run makes
    std::uint64_t memoryAllowed = 0; ///< 0: not checked
    DiskForecast disk;
    DataCounts data;
    int batchSize = 0;            ///< rows a micro-batch; chosen here where the setting is `auto`
    int gradientAccumulation = 0; ///< micro-batches a step; with a batch size `auto` chosen to go with it
    std::int64_t recomputedLayers = 0; ///< gradient checkpointing; chosen here where the setting is `auto`
    std::int64_t layers = 0;           ///< of the model
    std::int64_t stepsPerEpoch = 0;
    std::int64_t totalSteps = 0;
    std::int64_t evaluations = 0;  ///< the one at the start included
    std::uint64_t trainTokens = 0; ///< rows consumed · mean tokens of a row
    std::uint64_t evalTokens = 0;  ///< evaluations · tokens of the validation rows
    std::uint64_t loraParameters = 0;
    /// A micro-batch as most are; fewer rows where they would have more than kTrialTokens.
    std::vector<RowSize> typicalRows;
    std::optional<double> seconds;    ///< secondsAt() the rate; nothing without one
    std::vector<std::string> notices; ///< what is worth a word before Start, see run_notices.h

    bool fitsMemory() const { return memoryAllowed == 0 || memory.total() <= memoryAllowed; }
    bool fitsDisk() const { return disk.total() <= disk.freeBytes; }
};

/// The forecast of a plan with its data already read.
///
/// Batch size `auto` never changes which rows a step holds: kAutoBatchSize · gradient_accumulation of them,
/// as with the shipped batch size. It decides how many go through the model at once: the largest divisor of
/// that number that fits memory without recomputation, and accumulates the rest. Where memory is not checked:
/// kAutoBatchSize. Gradient checkpointing `auto`: as few layers as it needs to fit, with none where that
/// fits; all of them where not even that is enough.
Result<TrainForecast> forecastTraining(const TrainPlan& plan, const formats::ModelConfig& model,
                                       const RowSizes& data, const DataRoot& root,
                                       std::optional<double> tokensPerSecond);

/// (trainTokens + evalTokens / 3) / tokens per second: an evaluation is a forward pass, a third of a step.
/// Nothing at a rate of nothing.
std::optional<double> secondsAt(const TrainForecast& forecast, double tokensPerSecond);

/// Reads data and initial adapter and forecasts; what --dry-run prints. Refuses the device and the run's name
/// where runTraining() would. Writes nothing.
Result<TrainForecast> dryRun(const TrainPlan& plan, const DataRoot& root,
                             std::optional<double> tokensPerSecond, const CancelToken& cancel,
                             const ProgressSink& progress);

/// What was settled for memory's sake where a setting is `auto`, in words; empty where nothing was.
std::string settledInWords(const TrainForecast& forecast, const config::TrainingSettings& settings);

/// FIT-01 or FIT-02: needed against available, and the settings that make it smaller.
Result<void> checkFits(const TrainForecast& forecast, const config::Settings& settings);

} // namespace llamahome::jobs
