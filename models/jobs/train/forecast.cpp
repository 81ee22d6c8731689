#include "jobs/train/forecast.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/quantity.h"
#include "formats/bitsandbytes/quantisation_config.h"
#include "jobs/chat/chat_session.h"
#include "jobs/open_model.h"
#include "jobs/train/checkpoint_store.h"
#include "jobs/train/initial_adapter.h"
#include "jobs/train/run_folder.h"
#include "jobs/train/run_notices.h"
#include "jobs/train/train_samples.h"
#include "llama/train/batch_plan.h"

namespace llamahome::jobs {
namespace {

constexpr std::uint64_t kLineBytes = 320;        // of metrics.jsonl
constexpr std::uint64_t kOtherLogs = 1ULL << 20; // settings, samples, run.log
constexpr std::uint64_t kTokenizerBytes = 16ULL
                                          << 20; // the largest known tokenizer.json, copied to the adapter
constexpr int kForwardShare = 3;                 // a step is worth this many forward passes

std::uint64_t computeBytes(const std::string& precision) {
    return precision == "fp32" ? sizeof(float) : kAutoBytes;
}

engine::BatchPlan batchPlan(const TrainForecast& forecast, const config::TrainingSettings& settings,
                            std::size_t rows) {
    return {rows,
            forecast.batchSize,
            forecast.gradientAccumulation,
            settings.num_epochs,
            settings.max_steps,
            settings.seed,
            true};
}

/// Chooses what is left to `auto`, and estimates memory with that.
class ShapeChoice {
public:
    ShapeChoice(const TrainPlan& plan, const formats::ModelConfig& model, const RowSizes& data)
        : m_settings(plan.settings.training)
        , m_model(model)
        , m_allowed(plan.memoryBytes)
        , m_data(data) {}

    void choose(TrainForecast& forecast) const {
        forecast.layers = m_model.num_hidden_layers;
        forecast.recomputedLayers = m_settings.gradient_checkpointing == "on" ? forecast.layers : 0;
        forecast.batchSize = m_settings.batch_size;
        forecast.gradientAccumulation = m_settings.gradient_accumulation;
        if (m_settings.batch_size == 0) chooseBatch(forecast);
        TrainShape shape = shapeOf(forecast);
        if (m_settings.gradient_checkpointing == "auto" && m_allowed > 0)
            shape.recomputedLayers = layersToRecompute(m_model, shape, m_allowed).value_or(forecast.layers);
        forecast.recomputedLayers = shape.recomputedLayers;
        forecast.memory = memoryToTrain(m_model, shape);
    }

private:
    TrainShape shapeOf(const TrainForecast& forecast) const {
        TrainShape shape;
        shape.batch =
            largestBatch(m_data.trainRows, batchPlan(forecast, m_settings, m_data.trainRows.size()));
        shape.evaluation = largestBatch(m_data.validationRows, forecast.batchSize);
        shape.r = m_settings.lora.r;
        shape.targetModules = m_settings.lora.target_modules;
        shape.recomputedLayers = forecast.recomputedLayers;
        shape.drops = m_settings.lora.dropout > 0.0;
        shape.computeBytes = computeBytes(m_settings.precision);
        shape.quantisation = formats::quantisationOfSetting(m_settings.quantize);
        shape.int8Products =
            formats::wantsInt8Products(m_settings.quantize) &&
            m_model.quantization.value_or(formats::Quantisation::Int8) == formats::Quantisation::Int8;
        shape.answerTokens = answerTokens();
        return shape;
    }

    /// Questions of the data are no longer than its rows; those of the settings are taken for as long.
    std::int64_t answerTokens() const {
        if (m_settings.evaluation.answers != "each" || m_data.validationRows.empty()) return 0;
        const auto& prompts = m_settings.evaluation.prompts;
        const auto together = static_cast<std::int64_t>(
            std::min(prompts.empty() ? kDataExamples : prompts.size(), kAnsweredTogether));
        return together * (static_cast<std::int64_t>(m_data.counts.longestRow) + kSampleTokensDuring);
    }

    /// A smaller batch is taken before anything is computed again: it costs nothing but shorter products.
    void chooseBatch(TrainForecast& forecast) const {
        const int rows = kAutoBatchSize * m_settings.gradient_accumulation; // of a step
        forecast.batchSize = kAutoBatchSize;
        if (m_allowed == 0) return;
        for (int atOnce = rows; atOnce >= 1; --atOnce) {
            if (rows % atOnce != 0) continue;
            forecast.batchSize = atOnce;
            forecast.gradientAccumulation = rows / atOnce;
            if (memoryToTrain(m_model, shapeOf(forecast)).total() <= m_allowed) return;
        }
    }

    const config::TrainingSettings& m_settings;
    const formats::ModelConfig& m_model;
    std::uint64_t m_allowed;
    const RowSizes& m_data;
};

std::int64_t evaluationCount(const engine::BatchPlan& plan, int everySteps, bool validates) {
    if (!validates) return 0;
    const std::int64_t interval = engine::evaluationInterval(everySteps, plan);
    const std::int64_t steps = plan.totalSteps();
    return 1 + steps / interval + (steps % interval != 0 ? 1 : 0);
}

void countWork(const config::TrainingSettings& settings, const RowSizes& data, TrainForecast& forecast) {
    const engine::BatchPlan plan = batchPlan(forecast, settings, data.trainRows.size());
    forecast.stepsPerEpoch = plan.stepsPerEpoch();
    forecast.totalSteps = plan.totalSteps();
    forecast.evaluations =
        evaluationCount(plan, settings.evaluation.every_steps, !data.validationRows.empty());
    const double meanTokens =
        static_cast<double>(data.counts.trainTokens) / static_cast<double>(data.trainRows.size());
    forecast.trainTokens = static_cast<std::uint64_t>(
        meanTokens * static_cast<double>(plan.rowsConsumedAfter(plan.totalSteps())));
    forecast.evalTokens = static_cast<std::uint64_t>(forecast.evaluations) * data.counts.validationTokens;
}

Result<DiskForecast> diskFor(const TrainForecast& forecast, const config::TrainingSettings& settings,
                             const DataRoot& root) {
    DiskForecast disk;
    const auto kept = static_cast<std::uint64_t>(std::max(1, settings.checkpoint.keep)) + 2;
    disk.checkpoints = kept * checkpointBytes(forecast.loraParameters);
    disk.adapter = forecast.loraParameters * sizeof(float) + kTokenizerBytes;
    disk.logs =
        static_cast<std::uint64_t>(forecast.totalSteps + forecast.evaluations) * kLineBytes + kOtherLogs;
    const auto free = freeDiskBytes(root.path);
    if (!free) return free.error();
    disk.freeBytes = *free;
    return disk;
}

} // namespace

Result<TrainForecast> forecastTraining(const TrainPlan& plan, const formats::ModelConfig& model,
                                       const RowSizes& data, const DataRoot& root,
                                       std::optional<double> tokensPerSecond) {
    const config::TrainingSettings& settings = plan.settings.training;
    TrainForecast forecast;
    forecast.memoryAllowed = plan.memoryBytes;
    forecast.data = data.counts;
    forecast.loraParameters = loraParameters(model, settings.lora.r, settings.lora.target_modules);
    ShapeChoice(plan, model, data).choose(forecast);
    countWork(settings, data, forecast);
    forecast.typicalRows = typicalRows(data.trainRows, forecast.batchSize, kTrialTokens);
    const auto disk = diskFor(forecast, settings, root);
    if (!disk) return disk.error();
    forecast.disk = *disk;
    forecast.notices = data.notices;
    for (std::string& notice : settingNotices(settings, model, forecast.totalSteps, data.counts.trainRows))
        forecast.notices.push_back(std::move(notice));
    if (tokensPerSecond) forecast.seconds = secondsAt(forecast, *tokensPerSecond);
    return forecast;
}

std::optional<double> secondsAt(const TrainForecast& forecast, double tokensPerSecond) {
    if (!(tokensPerSecond > 0.0)) return {};
    const double evaluation = static_cast<double>(forecast.evalTokens) / kForwardShare;
    return (static_cast<double>(forecast.trainTokens) + evaluation) / tokensPerSecond;
}

Result<TrainForecast> dryRun(const TrainPlan& plan, const DataRoot& root,
                             std::optional<double> tokensPerSecond, const CancelToken& cancel,
                             const ProgressSink& progress) {
    if (auto there = checkDevice(plan.settings.training.device); !there) return there.error();
    if (auto free = checkRunName(root.checkpoints(), plan.runName); !free) return free.error();
    const auto model = formats::readModelConfig(plan.modelFolder / "config.json");
    if (!model) return model.error();
    TrainPlan settled = plan;
    if (plan.initAdapter) {
        const auto adapter = readInitialAdapter(*plan.initAdapter, *model);
        if (!adapter) return adapter.error();
        adoptShape(*adapter, settled.settings.training.lora);
    }
    const auto data = readRowSizes(settled, cancel, progress);
    if (!data) return data.error();
    return forecastTraining(settled, *model, *data, root, tokensPerSecond);
}

std::string settledInWords(const TrainForecast& forecast, const config::TrainingSettings& settings) {
    std::string words;
    if (settings.batch_size == 0)
        words = std::to_string(forecast.batchSize) + (forecast.batchSize == 1 ? " row goes" : " rows go") +
                " through the model at once and " + std::to_string(forecast.gradientAccumulation) +
                " times make a step (training.batch_size is auto)";
    if (settings.gradient_checkpointing != "auto" || forecast.recomputedLayers == 0) return words;
    if (!words.empty()) words += "; ";
    words += "to fit into " + formatBytes(forecast.memoryAllowed) + ", the activations of " +
             std::to_string(forecast.recomputedLayers) + " of " + std::to_string(forecast.layers) +
             " layers are computed again instead of kept, which is slower";
    if (forecast.batchSize > 1)
        words += "; a lower training.batch_size with a higher training.gradient_accumulation may fit without";
    return words;
}

Result<void> checkFits(const TrainForecast& forecast, const config::Settings& settings) {
    if (!forecast.fitsMemory()) {
        std::string smaller;
        if (forecast.batchSize > 1)
            smaller += "lower training.batch_size (" + std::to_string(forecast.batchSize) +
                       ") and raise training.gradient_accumulation (" +
                       std::to_string(forecast.gradientAccumulation) +
                       ") by as much, which trains the same, ";
        if (forecast.recomputedLayers < forecast.layers)
            smaller += "set training.gradient_checkpointing to auto or on, ";
        return Error{codes::kNotEnoughMemory,
                     "memory: training needs about " + formatBytes(forecast.memory.total()) + ", found " +
                         formatBytes(forecast.memoryAllowed) + "; " + smaller +
                         "lower training.max_length (" + std::to_string(settings.training.max_length) +
                         "), or choose a smaller model"};
    }
    if (!forecast.fitsDisk())
        return Error{codes::kNotEnoughDisk, "disk: the run needs about " +
                                                formatBytes(forecast.disk.total()) + ", found " +
                                                formatBytes(forecast.disk.freeBytes) +
                                                " free; free some space, lower training.checkpoint.keep (" +
                                                std::to_string(settings.training.checkpoint.keep) +
                                                ") or training.lora.r, or choose another root with --root"};
    return {};
}

} // namespace llamahome::jobs
