#include "jobs/train/rate_trial.h"

#include <algorithm>
#include <utility>

#include "core/error_codes.h"
#include "jobs/open_model.h"
#include "jobs/system/bench_model.h"
#include "jobs/train/memory_guard.h"

namespace llamahome::jobs {
namespace {

constexpr int kSteps = 2;
constexpr std::uint64_t kSeed = 1; // of the tokens, which do not matter

/// Keeps the rate of the last step.
class RateObserver final : public engine::TrainObserver {
public:
    explicit RateObserver(const ProgressSink& progress)
        : m_progress(progress) {}

    Result<void> onMetric(const engine::MetricPoint& point) override {
        if (!point.isEvaluation) m_tokensPerSecond = point.tokensPerSecond;
        return {};
    }
    Result<void> onCheckpoint(const engine::TrainState&) override { return {}; }
    void onProgress(const Progress& progress) override {
        if (m_progress) m_progress(progress);
    }

    double tokensPerSecond() const { return m_tokensPerSecond; }

private:
    const ProgressSink& m_progress;
    double m_tokensPerSecond = 0.0;
};

/// The last `targets` tokens of each row are learned, as in an answer.
std::vector<text::TokenRow> rowsOf(const std::vector<RowSize>& sizes, std::int64_t vocabulary) {
    std::vector<text::TokenRow> rows;
    for (int step = 0; step < kSteps; ++step)
        for (const RowSize& size : sizes) {
            std::vector<std::uint8_t> supervised(size.tokens, 0);
            std::fill(supervised.end() - std::min(size.targets, size.tokens), supervised.end(),
                      std::uint8_t{1});
            rows.push_back({randomTokens(vocabulary, static_cast<int>(size.tokens), kSeed, rows.size()),
                            std::move(supervised)});
        }
    return rows;
}

config::TrainingSettings trialSettings(const TrainPlan& plan, std::size_t rows) {
    config::TrainingSettings settings = plan.settings.training;
    settings.batch_size = static_cast<int>(rows);
    settings.gradient_accumulation = 1;
    settings.max_steps = kSteps;
    settings.early_stopping.enabled = false;
    settings.checkpoint.every_minutes = 0;
    return settings;
}

} // namespace

Result<TrainRate> measureRate(const TrainPlan& plan, const TrainForecast& forecast, engine::Engine& engine,
                              FileLayer& files, const CancelToken& cancel, const ProgressSink& progress) {
    const config::TrainingSettings settings = trialSettings(plan, forecast.typicalRows.size());
    auto model = openModel(engine, files, plan.modelFolder, {},
                           {settings.precision, settings.quantize, plan.settings.data.template_name}, cancel,
                           progress);
    if (!model) return model.error();
    engine::TrainRequest request;
    request.settings = settings;
    request.recomputedLayers = forecast.recomputedLayers;
    request.trainRows = rowsOf(forecast.typicalRows, model->model->config().vocab_size);
    request.shuffle = false;
    const MemoryGuard guard(memoryFigures);
    request.checkMemory = [&guard](std::uint64_t growthBytes) { return guard.check(growthBytes); };
    request.cancel = cancel;
    RateObserver observer(progress);
    const auto outcome = model->model->train(request, observer);
    if (!outcome) return outcome.error();
    if (outcome->cause == engine::StopCause::Cancelled)
        return Error{codes::kCancelled, "measuring the speed was stopped"};
    return TrainRate{observer.tokensPerSecond(), "a measured step"};
}

} // namespace llamahome::jobs
