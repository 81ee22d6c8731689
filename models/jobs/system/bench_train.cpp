#include <algorithm>
#include <utility>

#include "core/machine.h"
#include "jobs/open_model.h"
#include "jobs/system/anonymous_peak.h"
#include "jobs/system/bench.h"
#include "jobs/system/bench_model.h"
#include "llama/lora/lora_plan.h"

namespace llamahome::jobs {
namespace {

constexpr double kLearningRate = 1e-4; // as in tests/bench/peer_train.py

/// One row of each place in a step, repeated from step to step: what counts is their length.
std::vector<text::TokenRow> randomRows(std::int64_t vocabulary, const BenchOptions& options) {
    const auto length = static_cast<std::size_t>(options.length);
    const std::size_t unsupervised =
        length - length * static_cast<std::size_t>(options.supervisedPercent) / 100;
    std::vector<std::uint8_t> supervised(length, 1);
    std::fill_n(supervised.begin(), unsupervised, std::uint8_t{0});
    std::vector<text::TokenRow> rows;
    for (int row = 0; row < options.rows; ++row)
        rows.push_back(
            {randomTokens(vocabulary, options.length, options.seed, static_cast<std::uint64_t>(row)),
             supervised});
    return rows;
}

config::TrainingSettings benchSettings(const BenchOptions& options) {
    config::TrainingSettings settings;
    settings.batch_size = options.rows;
    settings.gradient_accumulation = 1;
    settings.num_epochs = 1;
    settings.max_steps = options.trainRows.empty() ? options.steps + 1 : 0;
    settings.learning_rate = kLearningRate;
    settings.lr_schedule = "constant";
    settings.warmup_ratio = 0.0;
    settings.seed = static_cast<std::int64_t>(options.seed);
    settings.lora.r = options.r;
    settings.lora.alpha = 2.0 * options.r;
    settings.lora.dropout = 0.0;
    settings.lora.target_modules.clear();
    for (const engine::Projection projection : engine::kProjections)
        settings.lora.target_modules.emplace_back(engine::projectionName(projection));
    settings.early_stopping.enabled = false;
    settings.checkpoint.every_minutes = 0;
    return settings;
}

/// Keeps every step and the time at which the first ended.
class StepObserver final : public engine::TrainObserver {
public:
    StepObserver(const Clock& clock, const ProgressSink& progress)
        : m_clock(clock)
        , m_progress(progress) {}

    Result<void> onMetric(const engine::MetricPoint& point) override {
        if (m_steps.empty()) m_firstStepEnd = m_clock.monotonicSeconds();
        m_steps.push_back({point.trainLoss, point.tokens, point.stepSeconds});
        return {};
    }
    Result<void> onCheckpoint(const engine::TrainState&) override { return {}; }
    void onProgress(const Progress& progress) override {
        if (m_progress) m_progress(progress);
    }

    double firstStepEnd() const { return m_firstStepEnd; }
    const std::vector<BenchStep>& steps() const { return m_steps; }

private:
    const Clock& m_clock;
    const ProgressSink& m_progress;
    std::vector<BenchStep> m_steps;
    double m_firstStepEnd = 0.0;
};

/// Without the step that warms up, where there are others.
double timedRate(const std::vector<BenchStep>& steps) {
    double tokens = 0.0;
    double seconds = 0.0;
    for (std::size_t i = steps.size() > 1 ? 1 : 0; i < steps.size(); ++i) {
        tokens += static_cast<double>(steps[i].tokens);
        seconds += steps[i].seconds;
    }
    return seconds > 0.0 ? tokens / seconds : 0.0;
}

/// The mean of the steps that timedRate() counts; random rows are those of every step.
StepShape meanTimedStep(const std::vector<text::TokenRow>& rows, std::size_t rowsAStep) {
    const std::size_t first = rows.size() > rowsAStep ? rowsAStep : 0;
    const StepShape sum = stepShape({rows.begin() + static_cast<std::ptrdiff_t>(first), rows.end()});
    const auto steps = static_cast<double>((rows.size() - first + rowsAStep - 1) / rowsAStep);
    return {sum.tokens / steps, sum.targets / steps, sum.pairs / steps};
}

} // namespace

Result<std::vector<BenchResult>> benchTrain(engine::Engine& engine, const BenchOptions& options,
                                            const Clock& clock, const CancelToken& cancel,
                                            const ProgressSink& progress) {
    const double begin = options.startSeconds.value_or(clock.monotonicSeconds());
    AnonymousPeak anonymous;
    BenchResult result;
    result.name = "train";
    formats::ModelConfig shape;
    engine::Precision precision = settledPrecision(options.precision, engine);
    engine::TrainRequest request;
    request.settings = benchSettings(options);
    request.shuffle = false;
    request.cancel = cancel;
    {
        const auto model = benchModel(engine, options, cancel, progress);
        if (!model) return model.error();
        shape = (*model)->config();
        precision = (*model)->precision();
        request.trainRows =
            options.trainRows.empty() ? randomRows(shape.vocab_size, options) : options.trainRows;
        StepObserver observer(clock, progress);
        const auto outcome = (*model)->train(request, observer);
        if (!outcome) return outcome.error();
        if (outcome->cause == engine::StopCause::Cancelled) return benchStopped();
        result.steps = observer.steps();
        result.secondsToFirstStep = observer.firstStepEnd() - begin;
    }
    result.precision = precisionName(precision);
    result.tokensPerSecond = timedRate(result.steps);
    // Before the bound is measured: its matrices are no part of training.
    result.peakRssMib = peakMemoryMib();
    result.peakAnonymousMib = anonymous.peakMib();
    const StepShape step = meanTimedStep(request.trainRows, static_cast<std::size_t>(options.rows));
    const auto bound =
        measureBound(trainingProducts(shape, options.r, step), engine, precision, cancel, progress);
    if (!bound) return bound.error();
    result.bound = bound->parts;
    result.boundTokensPerSecond = step.tokens / bound->seconds();
    result.boundShare = *result.tokensPerSecond / *result.boundTokensPerSecond;
    return std::vector{std::move(result)};
}

} // namespace llamahome::jobs
