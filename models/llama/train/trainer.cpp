#include "llama/train/trainer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <ATen/Parallel.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "core/clock.h"
#include "core/error_codes.h"
#include "llama/runtime/guard.h"
#include "llama/train/finite_numbers.h"
#include "llama/train/micro_batch_pass.h"
#include "llama/train/workspace_plan.h"

namespace llamahome::engine {
namespace {

BatchPlan planFor(const TrainRequest& request) {
    const auto& s = request.settings;
    return BatchPlan(request.trainRows.size(), s.batch_size, s.gradient_accumulation, s.num_epochs,
                     s.max_steps, s.seed, request.shuffle);
}

AdamW optimizerFor(const LoraSet& lora, const TrainRequest& request) {
    const double decay = request.settings.weight_decay;
    if (!request.resumeFrom) return AdamW(at::zeros_like(lora.flat), at::zeros_like(lora.flat), 0, decay);
    const TrainState& state = *request.resumeFrom;
    const auto moments = [&](const std::vector<float>& values) {
        return at::tensor(values, at::kFloat).to(lora.flat.device());
    };
    return AdamW(moments(state.expAvg), moments(state.expAvgSq), state.step, decay);
}

std::vector<const text::TokenRow*> pick(const std::vector<text::TokenRow>& rows, const MicroBatch& indices) {
    std::vector<const text::TokenRow*> picked;
    picked.reserve(indices.size());
    for (const std::size_t index : indices)
        picked.push_back(&rows[index]);
    return picked;
}

} // namespace

Trainer::Trainer(const Decoder& decoder, LoraSet& lora, const TrainRequest& request, TrainObserver& observer)
    : m_decoder(decoder)
    , m_lora(lora)
    , m_request(request)
    , m_observer(observer)
    , m_plan(planFor(request))
    , m_schedule(request.settings.lr_schedule, request.settings.learning_rate, request.settings.warmup_ratio,
                 m_plan.totalSteps())
    , m_stopping(request.settings.early_stopping.enabled, request.settings.early_stopping.patience,
                 request.settings.early_stopping.min_delta,
                 request.resumeFrom ? request.resumeFrom->best : std::nullopt)
    , m_optimizer(optimizerFor(lora, request))
    , m_gradients(at::zeros_like(lora.flat))
    , m_evaluationInterval(evaluationInterval(request.settings.evaluation.every_steps, m_plan))
    , m_lastTrainLoss(std::numeric_limits<double>::quiet_NaN())
    , m_startSeconds(systemClock().monotonicSeconds())
    , m_checkpoints(request.settings.checkpoint, systemClock())
    , m_evaluationDue(!request.validationRows.empty() &&
                      (!request.resumeFrom || request.resumeFrom->evaluationDue)) {
    if (!request.resumeFrom) return;
    m_stepsDone = request.resumeFrom->step;
    m_lastTrainLoss = request.resumeFrom->lastTrainLoss;
    m_trainedTokens = request.resumeFrom->trainedTokens;
    m_earlierSeconds = request.resumeFrom->trainedSeconds;
}

double Trainer::secondsSinceStart() const {
    return m_earlierSeconds + systemClock().monotonicSeconds() - m_startSeconds;
}

std::uint64_t Trainer::growthFor(const Batch& batch) {
    if (m_decoder.path() != LayerPath::Fast) return 0;
    WorkspaceShape shape{batch.tokenCount(),
                         batch.targetCount(),
                         0,
                         at::elementSize(m_decoder.dtype()),
                         m_lora.plan.dropout > 0.0,
                         m_request.recomputedLayers,
                         at::get_num_threads(),
                         m_decoder.multipliesInInt8()};
    for (std::size_t i = 1; i < batch.cu_seqlens.size(); ++i)
        shape.longestRow = std::max(shape.longestRow, batch.cu_seqlens[i] - batch.cu_seqlens[i - 1]);
    const std::uint64_t needed = workspaceBytes(m_decoder.config(), m_lora.plan, shape);
    const std::uint64_t held = std::max<std::uint64_t>(m_plannedBytes, m_workspace.peakBytes());
    m_plannedBytes = std::max(m_plannedBytes, needed);
    return needed - std::min(needed, held);
}

Result<Trainer::StepResult> Trainer::accumulate(std::int64_t stepIndex) {
    const std::vector<MicroBatch> microBatches = m_plan.step(stepIndex);
    StepResult result;
    for (const MicroBatch& microBatch : microBatches)
        for (const std::size_t row : microBatch)
            result.targets += m_request.trainRows[row].targetCount();
    const double gradientScale = 1.0 / static_cast<double>(std::max<std::uint64_t>(1, result.targets));
    const DropoutKey dropout{m_lora.plan.dropout, static_cast<std::uint64_t>(m_request.settings.seed),
                             static_cast<std::uint32_t>(stepIndex)};
    m_gradients.zero_();
    std::uint32_t firstRow = 0;
    for (const MicroBatch& microBatch : microBatches) {
        result.cancelled = m_request.cancel.isCancelled();
        if (result.cancelled) break;
        const Batch batch = makeBatch(pick(m_request.trainRows, microBatch), firstRow);
        if (m_request.checkMemory)
            if (auto enough = m_request.checkMemory(growthFor(batch)); !enough) return enough.error();
        const TrainPass pass{m_products, m_workspace, dropout, gradientScale, m_request.recomputedLayers};
        result.lossSum += forwardBackward(m_decoder, batch, m_lora, pass, m_gradients);
        result.tokens += static_cast<std::uint64_t>(batch.tokenCount());
        firstRow += static_cast<std::uint32_t>(microBatch.size());
    }
    return result;
}

Error Trainer::keepAfter(Error failure) {
    const std::vector<float> parameters = toVector(m_lora.flat);
    if (!std::all_of(parameters.begin(), parameters.end(), [](float p) { return std::isfinite(p); }))
        return failure;
    if (auto saved = checkpoint(); !saved)
        failure.message += "; the state before it could not be kept: " + saved.error().message;
    else
        failure.message += "; the state after step " + std::to_string(m_stepsDone) + " is kept";
    return failure;
}

Result<void> Trainer::trainStep(std::int64_t stepIndex, bool& cancelled) {
    const double begin = systemClock().monotonicSeconds();
    const auto result = guard([&] { return accumulate(stepIndex); });
    if (!result)
        return result.error().code == codes::kOutOfMemory ? keepAfter(result.error()) : result.error();
    cancelled = result->cancelled;
    return cancelled ? Result<void>() : applyStep(stepIndex, *result, begin);
}

Result<void> Trainer::applyStep(std::int64_t stepIndex, const StepResult& result, double begin) {
    const double loss = result.lossSum / static_cast<double>(std::max<std::uint64_t>(1, result.targets));
    const double gradNorm = clipGradients(m_gradients, m_request.settings.max_grad_norm);
    if (auto finite = checkFiniteStep(loss, gradNorm, stepIndex + 1); !finite)
        return keepAfter(finite.error());
    const double learningRate = m_schedule.rateOf(stepIndex);
    m_optimizer.step(m_lora.flat, m_gradients, learningRate);

    m_stepsDone = stepIndex + 1;
    m_lastTrainLoss = loss;
    m_trainedTokens += result.tokens;
    MetricPoint point;
    point.step = m_stepsDone;
    point.epoch = m_plan.epochAfter(m_stepsDone);
    point.trainLoss = loss;
    point.learningRate = learningRate;
    point.gradNorm = gradNorm;
    point.tokens = result.tokens;
    point.supervisedTokens = result.targets;
    point.stepSeconds = systemClock().monotonicSeconds() - begin;
    point.tokensPerSecond = static_cast<double>(result.tokens) / point.stepSeconds;
    if (auto told = m_observer.onMetric(point); !told) return told;
    m_observer.onProgress({"training", static_cast<std::uint64_t>(m_stepsDone),
                           static_cast<std::uint64_t>(m_plan.totalSteps()), "steps"});
    return {};
}

Result<bool> Trainer::evaluate() {
    const auto progress = [this](const Progress& p) { m_observer.onProgress(p); };
    const auto evaluation = guard([&] {
        return evaluateRows(m_decoder, &m_lora, m_request.validationRows, m_request.settings.batch_size,
                            m_workspace, m_request.cancel, progress);
    });
    if (!evaluation)
        return evaluation.error().code == codes::kOutOfMemory ? keepAfter(evaluation.error())
                                                              : evaluation.error();
    if (auto finite = checkFiniteEvaluation(evaluation->meanLoss(), m_stepsDone); !finite)
        return finite.error(); // a resumed run would come to the same numbers: an earlier state is better
    m_evaluationDue = false;
    const bool shouldStop = m_stopping.update(evaluation->meanLoss(), m_stepsDone);
    MetricPoint point;
    point.isEvaluation = true;
    point.step = m_stepsDone;
    point.epoch = m_plan.epochAfter(m_stepsDone);
    point.trainLoss = m_lastTrainLoss;
    point.evalLoss = evaluation->meanLoss();
    point.learningRate = m_schedule.rateOf(std::max<std::int64_t>(0, m_stepsDone - 1));
    point.tokens = m_trainedTokens;
    if (auto told = m_observer.onMetric(point); !told) return told.error();
    if (auto saved = checkpoint(); !saved) return saved.error();
    if (auto told = m_observer.onEvaluated(m_stepsDone); !told) return told.error();
    return shouldStop;
}

TrainState Trainer::state() const {
    TrainState state;
    state.step = m_stepsDone;
    state.adapter.alpha = m_request.settings.lora.alpha;
    state.adapter.dropout = m_lora.plan.dropout;
    unflatten(m_lora.plan, toVector(m_lora.flat), state.adapter);
    state.expAvg = toVector(m_optimizer.expAvg());
    state.expAvgSq = toVector(m_optimizer.expAvgSq());
    state.best = m_stopping.best();
    state.trainedTokens = m_trainedTokens;
    state.trainedSeconds = secondsSinceStart();
    state.lastTrainLoss = m_lastTrainLoss;
    state.evaluationDue = m_evaluationDue;
    return state;
}

Result<void> Trainer::checkpoint() {
    const double begin = systemClock().monotonicSeconds();
    auto kept = m_observer.onCheckpoint(state());
    m_checkpoints.saved(begin);
    return kept;
}

Result<TrainOutcome> Trainer::run() {
    const bool evaluates = !m_request.validationRows.empty();
    TrainOutcome outcome;
    bool stop = false;
    bool cancelled = false;
    const auto evaluateOrCancel = [&]() -> Result<void> {
        const auto evaluated = evaluate();
        cancelled = !evaluated && evaluated.error().code == codes::kCancelled;
        if (!evaluated && !cancelled) return evaluated.error();
        stop = evaluated && *evaluated;
        return {};
    };
    if (m_evaluationDue)
        if (auto done = evaluateOrCancel(); !done) return done.error();
    while (!stop && !cancelled && m_stepsDone < m_plan.totalSteps()) {
        if (auto stepped = trainStep(m_stepsDone, cancelled); !stepped) return stepped.error();
        if (cancelled) break;
        const bool isLast = m_stepsDone == m_plan.totalSteps();
        m_evaluationDue = evaluates && (isLast || m_stepsDone % m_evaluationInterval == 0);
        if (m_evaluationDue) {
            if (auto done = evaluateOrCancel(); !done) return done.error();
        } else if (isLast || m_checkpoints.isDue(m_stepsDone)) {
            if (auto saved = checkpoint(); !saved) return saved.error();
        }
    }
    if (cancelled) {
        if (auto saved = checkpoint(); !saved) return saved.error();
    }
    outcome.cause = cancelled ? StopCause::Cancelled : stop ? StopCause::EarlyStopped : StopCause::Finished;
    outcome.state = state();
    outcome.trainedTokens = m_trainedTokens;
    outcome.seconds = secondsSinceStart();
    return outcome;
}

namespace {

/// Adds the sum of each row's tokens.
void addRowLosses(const std::vector<const text::TokenRow*>& rows, const std::vector<double>& tokenLosses,
                  std::vector<double>& sums) {
    auto next = tokenLosses.begin();
    for (const text::TokenRow* row : rows) {
        const auto end = next + static_cast<std::ptrdiff_t>(row->targetCount());
        sums.push_back(std::accumulate(next, end, 0.0));
        next = end;
    }
}

} // namespace

Result<EvaluationResult> evaluateRows(const Decoder& decoder, const LoraSet* lora,
                                      const std::vector<text::TokenRow>& rows, int rowsAtOnce,
                                      Workspace& workspace, const CancelToken& cancel,
                                      const ProgressSink& progress) {
    EvaluationResult result;
    Products products;
    const std::size_t atOnce = static_cast<std::size_t>(std::max(1, rowsAtOnce));
    for (std::size_t first = 0; first < rows.size(); first += atOnce) {
        if (cancel.isCancelled()) return Error{codes::kCancelled, "the evaluation was stopped"};
        std::vector<const text::TokenRow*> picked;
        for (std::size_t i = first; i < std::min(first + atOnce, rows.size()); ++i)
            picked.push_back(&rows[i]);
        const Batch batch = makeBatch(picked, 0);
        std::vector<double> tokenLosses;
        result.lossSum += forwardLoss(decoder, batch, lora, products, workspace, tokenLosses);
        addRowLosses(picked, tokenLosses, result.rowLossSums);
        result.targetTokens += static_cast<std::uint64_t>(batch.targetCount());
        if (progress) progress({"evaluating", std::min(first + atOnce, rows.size()), rows.size(), "rows"});
    }
    return result;
}

} // namespace llamahome::engine
