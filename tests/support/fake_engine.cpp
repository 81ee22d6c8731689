#include "support/fake_engine.h"

#include <cmath>
#include <limits>

#include "core/error_codes.h"
#include "llama/lora/lora_plan.h"
#include "llama/train/batch_plan.h"
#include "llama/train/early_stopping.h"
#include "llama/train/finite_numbers.h"
#include "support/tiny_model.h"

namespace llamahome::testing {
namespace {

using engine::BatchPlan;
using engine::EarlyStopping;
using engine::MetricPoint;
using engine::TrainState;

constexpr double kStepSeconds = 0.5;

/// One run of the fake training.
class FakeTraining {
public:
    FakeTraining(const formats::ModelConfig& config, const FakeScript& script, FakeHistory& history,
                 const engine::TrainRequest& request, engine::TrainObserver& observer)
        : m_script(script)
        , m_history(history)
        , m_request(request)
        , m_observer(observer)
        , m_plan(request.trainRows.size(), request.settings.batch_size,
                 request.settings.gradient_accumulation, request.settings.num_epochs,
                 request.settings.max_steps, request.settings.seed, request.shuffle)
        , m_stopping(request.settings.early_stopping.enabled, request.settings.early_stopping.patience,
                     request.settings.early_stopping.min_delta,
                     request.resumeFrom ? request.resumeFrom->best : std::nullopt) {
        begin(config);
    }

    Result<engine::TrainOutcome> run() {
        const std::int64_t interval =
            engine::evaluationInterval(m_request.settings.evaluation.every_steps, m_plan);
        const bool validates = !m_request.validationRows.empty();
        bool stop = false;
        if (validates && (!m_request.resumeFrom || m_state.evaluationDue))
            if (auto done = evaluate(stop); !done) return done.error();
        while (!stop && !m_state.evaluationDue && m_state.step < m_plan.totalSteps()) {
            if (m_script.beforeStep) m_script.beforeStep(m_state.step + 1);
            if (m_request.cancel.isCancelled()) return end(engine::StopCause::Cancelled);
            if (auto done = step(); !done) return done.error();
            const bool isLast = m_state.step == m_plan.totalSteps();
            if (validates && (isLast || m_state.step % interval == 0)) {
                if (auto done = evaluate(stop); !done) return done.error();
            } else if (isLast || isCheckpointDue()) {
                if (auto done = m_observer.onCheckpoint(m_state); !done) return done.error();
            }
        }
        if (m_state.evaluationDue) return end(engine::StopCause::Cancelled);
        return end(stop ? engine::StopCause::EarlyStopped : engine::StopCause::Finished);
    }

private:
    void begin(const formats::ModelConfig& config) {
        if (m_request.resumeFrom) {
            m_state = *m_request.resumeFrom;
            return;
        }
        const auto& lora = m_request.settings.lora;
        m_state.lastTrainLoss = std::numeric_limits<double>::quiet_NaN();
        if (m_request.initialAdapter) {
            m_state.adapter = *m_request.initialAdapter;
        } else {
            const auto plan =
                engine::planLora(config, lora.r, lora.alpha / lora.r, lora.dropout, lora.target_modules);
            m_state.adapter.r = lora.r;
            m_state.adapter.alpha = lora.alpha;
            m_state.adapter.dropout = lora.dropout;
            m_state.adapter.targetModules = lora.target_modules;
            engine::unflatten(*plan, engine::initialParameters(*plan, m_request.settings.seed),
                              m_state.adapter);
        }
        std::size_t parameters = 0;
        for (const auto& pair : m_state.adapter.pairs)
            parameters += pair.loraA.size() + pair.loraB.size();
        m_state.expAvg.assign(parameters, 0.0F);
        m_state.expAvgSq.assign(parameters, 0.0F);
    }

    /// A number that every token of the step's rows moves, in their order.
    double rowsOfStep(std::uint64_t& tokens, std::uint64_t& targets) const {
        double mixed = 0.0;
        for (const auto& microBatch : m_plan.step(m_state.step))
            for (const std::size_t row : microBatch) {
                const text::TokenRow& chosen = m_request.trainRows[row];
                tokens += chosen.tokens.size();
                targets += chosen.targetCount();
                for (const std::int32_t token : chosen.tokens)
                    mixed = std::fmod(1.7 * mixed + token, 1009.0);
            }
        return mixed;
    }

    Result<void> step() {
        MetricPoint point;
        const double mixed = rowsOfStep(point.tokens, point.supervisedTokens);
        m_history.trainedSteps.push_back(m_state.step + 1);
        point.trainLoss = 2.0 / (1.0 + 0.1 * static_cast<double>(m_state.step)) + mixed * 1e-6;
        if (m_script.trainLoss) point.trainLoss = m_script.trainLoss(m_state.step + 1);
        if (auto enough = checkMemory(); !enough) return keepAfter(enough.error());
        if (m_script.nonFiniteStep == m_state.step + 1 &&
            m_request.settings.learning_rate > m_script.finiteUpToRate)
            point.trainLoss = std::numeric_limits<double>::quiet_NaN();
        if (auto finite = engine::checkFiniteStep(point.trainLoss, 1.0, m_state.step + 1); !finite)
            return keepAfter(finite.error());
        const auto move = static_cast<float>(mixed * 0.05 * m_request.settings.learning_rate);
        for (formats::LoraPair& pair : m_state.adapter.pairs)
            for (auto* values : {&pair.loraA, &pair.loraB})
                for (float& value : *values)
                    value = 0.99F * value + move;
        for (float& value : m_state.expAvg)
            value = 0.9F * value + 0.1F * move;
        for (float& value : m_state.expAvgSq)
            value = 0.999F * value + 0.001F * move * move;
        ++m_state.step;
        m_state.trainedTokens += point.tokens;
        m_state.trainedSeconds += kStepSeconds;
        m_state.lastTrainLoss = point.trainLoss;
        point.step = m_state.step;
        point.epoch = m_plan.epochAfter(m_state.step);
        point.learningRate = m_request.settings.learning_rate;
        point.gradNorm = 1.0;
        point.stepSeconds = kStepSeconds;
        point.tokensPerSecond = static_cast<double>(point.tokens) / kStepSeconds;
        if (auto told = m_observer.onMetric(point); !told) return told;
        m_observer.onProgress({"training", static_cast<std::uint64_t>(m_state.step),
                               static_cast<std::uint64_t>(m_plan.totalSteps()), "steps"});
        return {};
    }

    Result<void> checkMemory() const {
        for (const auto& microBatch : m_plan.step(m_state.step)) {
            if (m_request.checkMemory)
                if (auto enough = m_request.checkMemory(m_script.bytesOfRow * microBatch.size()); !enough)
                    return enough;
            if (m_state.step == 1 && static_cast<int>(microBatch.size()) > m_script.rowsThatFit)
                return Error{codes::kOutOfMemory, "not enough memory"};
        }
        return {};
    }

    Error keepAfter(Error failure) {
        if (auto kept = m_observer.onCheckpoint(m_state); !kept) return kept.error();
        return failure;
    }

    /// Leaves the evaluation due where it is cancelled.
    Result<void> evaluate(bool& stop) {
        m_state.evaluationDue = true;
        if (m_script.beforeEvaluation) m_script.beforeEvaluation(m_state.step);
        if (m_request.cancel.isCancelled()) return {};
        if (auto finite = engine::checkFiniteEvaluation(m_script.evalLoss(m_state.step), m_state.step);
            !finite)
            return finite;
        m_state.evaluationDue = false;
        const std::size_t rows = m_request.validationRows.size();
        m_observer.onProgress({"evaluating", rows, rows, "rows"});
        MetricPoint point;
        point.isEvaluation = true;
        point.step = m_state.step;
        point.epoch = m_plan.epochAfter(m_state.step);
        point.trainLoss = m_state.lastTrainLoss;
        point.evalLoss = m_script.evalLoss(m_state.step);
        point.learningRate = m_request.settings.learning_rate;
        point.tokens = m_state.trainedTokens;
        stop = m_stopping.update(*point.evalLoss, m_state.step);
        m_state.best = m_stopping.best();
        if (auto told = m_observer.onMetric(point); !told) return told;
        if (auto kept = m_observer.onCheckpoint(m_state); !kept) return kept;
        return m_observer.onEvaluated(m_state.step);
    }

    bool isCheckpointDue() const {
        const int every = m_request.settings.checkpoint.every_steps;
        return every > 0 && m_state.step % every == 0;
    }

    Result<engine::TrainOutcome> end(engine::StopCause cause) {
        if (cause == engine::StopCause::Cancelled)
            if (auto done = m_observer.onCheckpoint(m_state); !done) return done.error();
        return engine::TrainOutcome{cause, m_state, m_state.trainedTokens, m_state.trainedSeconds};
    }

    const FakeScript& m_script;
    FakeHistory& m_history;
    const engine::TrainRequest& m_request;
    engine::TrainObserver& m_observer;
    BatchPlan m_plan;
    EarlyStopping m_stopping;
    TrainState m_state;
};

class FakeModel final : public engine::LanguageModel {
public:
    FakeModel(formats::ModelConfig config, engine::Precision precision, std::shared_ptr<FakeScript> script,
              std::shared_ptr<FakeHistory> history)
        : m_config(std::move(config))
        , m_precision(precision)
        , m_script(std::move(script))
        , m_history(std::move(history)) {
        ++m_history->living;
    }
    ~FakeModel() override { --m_history->living; }

    const formats::ModelConfig& config() const override { return m_config; }
    engine::Precision precision() const override { return m_precision; }
    Result<void> setAdapter(const formats::PeftAdapter& adapter) override {
        if (auto plan = engine::planOf(m_config, adapter); !plan) return plan.error();
        m_hasAdapter = true;
        ++m_history->adapters;
        return {};
    }
    void setAdapterScale(double scale) override { m_scale = scale; }
    void clearAdapter() override { m_hasAdapter = false; }
    Result<std::vector<float>> logits(const std::vector<std::int32_t>& tokens) override {
        return std::vector<float>(tokens.size() * static_cast<std::size_t>(m_config.vocab_size), 0.0F);
    }

    Result<engine::EvaluationResult> evaluate(const std::vector<text::TokenRow>& rows, int,
                                              const CancelToken& cancel, const ProgressSink&) override {
        if (cancel.isCancelled()) return Error{codes::kCancelled, "the evaluation was stopped"};
        m_history->evaluatedRows = rows;
        engine::EvaluationResult result;
        const double change = m_hasAdapter ? m_scale * (m_script->adapterLoss - m_script->baseLoss) : 0.0;
        for (const text::TokenRow& row : rows) {
            const double ofRow = m_script->rowLoss ? m_script->rowLoss(row) : 0.0;
            const auto targets = static_cast<double>(row.targetCount());
            result.targetTokens += row.targetCount();
            result.rowLossSums.push_back(targets * (m_script->baseLoss + change + ofRow));
            result.lossSum += result.rowLossSums.back();
        }
        return result;
    }

    Result<engine::GenerationResult> generate(const std::vector<std::int32_t>& prompt,
                                              const engine::GenerationOptions& options,
                                              const std::function<bool(std::int32_t)>& onToken,
                                              const CancelToken& cancel) override {
        m_history->prompts.push_back(prompt);
        m_history->generations.push_back(options);
        m_history->scales.push_back(m_hasAdapter ? m_scale : 0.0);
        if (m_script->failsToGenerate)
            return Error{codes::kEngineFailure, "the fake engine fails to generate"};
        engine::GenerationResult result;
        result.finish = engine::FinishReason::StopToken;
        result.promptSeconds = kStepSeconds;
        result.decodeSeconds = kStepSeconds;
        for (const char c : m_script->answer) {
            if (static_cast<int>(result.tokens.size()) == options.maxNewTokens) {
                result.finish = engine::FinishReason::Length;
                break;
            }
            if (m_script->beforeToken) m_script->beforeToken(result.tokens.size());
            result.tokens.push_back(kFirstByte + static_cast<unsigned char>(c));
            if (onToken && !onToken(result.tokens.back())) {
                result.finish = engine::FinishReason::Stopped;
                break;
            }
            if (cancel.isCancelled()) {
                result.finish = engine::FinishReason::Cancelled;
                break;
            }
        }
        return result;
    }

    Result<std::vector<engine::GenerationResult>> generateBatch(
        const std::vector<std::vector<std::int32_t>>& prompts, const engine::GenerationOptions& options,
        const std::function<bool(std::size_t, std::int32_t)>& onToken, const CancelToken& cancel) override {
        std::vector<engine::GenerationResult> results;
        for (const auto& prompt : prompts) {
            const std::size_t row = results.size();
            auto result = generate(
                prompt, options, [&](std::int32_t token) { return !onToken || onToken(row, token); }, cancel);
            if (!result) return result.error();
            results.push_back(std::move(*result));
        }
        return results;
    }
    void forgetContext() override {}

    Result<engine::TrainOutcome> train(const engine::TrainRequest& request,
                                       engine::TrainObserver& observer) override {
        m_history->settings = request.settings;
        m_history->recomputedLayers = request.recomputedLayers;
        m_hasAdapter = true;
        return FakeTraining(m_config, *m_script, *m_history, request, observer).run();
    }

private:
    formats::ModelConfig m_config;
    engine::Precision m_precision;
    std::shared_ptr<FakeScript> m_script;
    std::shared_ptr<FakeHistory> m_history;
    bool m_hasAdapter = false;
    double m_scale = 1.0;
};

} // namespace

engine::EngineInfo FakeEngine::info() const {
    return {"fake", "AVX2", engine::Precision::Fp32, m_script->threads, false};
}

Result<std::unique_ptr<engine::LanguageModel>> FakeEngine::loadModel(const std::filesystem::path& folder,
                                                                     const engine::LoadOptions& options) {
    if (m_script->beforeLoad) m_script->beforeLoad();
    if (options.cancel.isCancelled()) return Error{codes::kCancelled, "loading was stopped"};
    if (m_script->failsToLoad) return Error{codes::kModelTensors, "the fake engine fails to load"};
    auto config = formats::readModelConfig(folder / "config.json");
    if (!config) return config.error();
    ++m_history->loads;
    m_history->precision = options.precision;
    m_history->quantisation = options.quantisation;
    m_history->quantisedFile = options.quantisedFile;
    m_history->int8Products = options.int8Products;
    return std::unique_ptr<engine::LanguageModel>(std::make_unique<FakeModel>(
        *config, options.precision == engine::Precision::Auto ? m_script->autoPrecision : options.precision,
        m_script, m_history));
}

Result<std::unique_ptr<engine::LanguageModel>>
FakeEngine::randomModel(const formats::ModelConfig& config, engine::Precision precision, std::uint64_t) {
    return std::unique_ptr<engine::LanguageModel>(
        std::make_unique<FakeModel>(config, precision, m_script, m_history));
}

Result<double> FakeEngine::measureGemm(engine::Precision, int, int, int) {
    return 100.0;
}

Result<double> FakeEngine::measureReadBandwidth() {
    return 50.0;
}

} // namespace llamahome::testing
