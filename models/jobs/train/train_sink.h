// What a training run tells while it goes on, and at its end. The engine thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/progress.h"
#include "jobs/train/forecast.h"
#include "jobs/train/run_folder.h"
#include "jobs/train/train_data.h"
#include "jobs/train/train_samples.h"
#include "llama/engine.h"

namespace llamahome::jobs {

/// Hears of a run on the engine thread; each call must return quickly.
inline constexpr std::string_view kTrainingPhase = "training"; ///< the phase of the steps

class TrainSink {
public:
    virtual ~TrainSink() = default;
    /// The run folder exists: the moment to print its path and to open its run.log.
    virtual void onStart(const RunFolder& run) = 0;
    /// The data is read and the run fits; told before the folder is made.
    virtual void onForecast(const TrainForecast&) {}
    /// "reading the data", "loading the model", "training", … in words.
    virtual void onPhase(std::string_view phase) = 0;
    virtual void onProgress(const Progress& progress) = 0;
    virtual void onMetric(const engine::MetricPoint& point) = 0;
    virtual void onSample(const SampleAnswer& sample) = 0;
    /// Accepted, but worth a word: rows cut or skipped, a checkpoint passed over, a sample that failed.
    virtual void onNotice(std::string_view notice) = 0;
};

enum class TrainEnd { Finished, EarlyStopped, Interrupted };

struct TrainSummary {
    TrainEnd end = TrainEnd::Finished; ///< Interrupted is exit code 4
    std::string runName;
    std::filesystem::path runFolder;
    std::filesystem::path adapterFolder;
    std::string adapterName;
    std::int64_t adapterStep = 0; ///< step whose state the adapter is
    std::int64_t steps = 0;
    std::int64_t totalSteps = 0;
    double epochs = 0.0;
    std::optional<double> firstEvalLoss;
    std::optional<double> lastEvalLoss;
    std::optional<RunBest> best;
    std::optional<double> lastTrainLoss;
    DataCounts data;
    std::uint64_t trainedTokens = 0;
    double seconds = 0.0;              ///< training, earlier parts of a resumed run included
    std::vector<SampleAnswer> samples; ///< before and after
};

} // namespace llamahome::jobs
