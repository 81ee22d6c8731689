#include "llama/runtime/language_model.h"

#include <algorithm>

#include <ATen/ops/tensor.h>

#include "llama/runtime/guard.h"
#include "llama/train/trainer.h"

namespace llamahome::engine {
namespace {

Result<void> checkTokens(const std::vector<text::TokenRow>& rows, std::int64_t vocabSize, const char* what) {
    for (std::size_t i = 0; i < rows.size(); ++i)
        for (const std::int32_t token : rows[i].tokens)
            if (token < 0 || token >= vocabSize)
                return Error{codes::kBadToken, std::string(what) + " row " + std::to_string(i + 1) +
                                                   ": found token " + std::to_string(token) +
                                                   ", expected 0 to " + std::to_string(vocabSize - 1) +
                                                   "; the tokenizer does not belong to this model"};
    return {};
}

/// Whether every matrix of `part` has its place in `whole`, with the same rank and scaling.
bool isWithin(const LoraPlan& part, const LoraPlan& whole) {
    return part.r == whole.r && std::all_of(part.slots.begin(), part.slots.end(), [&](const LoraSlot& slot) {
               return std::any_of(whole.slots.begin(), whole.slots.end(), [&](const LoraSlot& other) {
                   return slot.layer == other.layer && slot.projection == other.projection &&
                          slot.r == other.r && slot.scaling == other.scaling;
               });
           });
}

/// TRAIN-03 where the state is not one that these settings can have led to.
Result<void> checkResumable(const TrainState& state, const LoraPlan& plan, const LoraPlan& wanted) {
    if (!isWithin(plan, wanted))
        return Error{codes::kResumeMismatch,
                     "resume: the checkpoint's adapter has rank " + std::to_string(plan.r) + " on " +
                         std::to_string(plan.slots.size()) + " modules, the settings ask for rank " +
                         std::to_string(wanted.r) + " on " + std::to_string(wanted.slots.size()) +
                         "; resume with the run's own settings"};
    const auto count = static_cast<std::size_t>(plan.parameterCount);
    if (state.expAvg.size() == count && state.expAvgSq.size() == count) return {};
    return Error{codes::kResumeMismatch, "resume: the checkpoint has moments of " +
                                             std::to_string(state.expAvg.size()) +
                                             " parameters, its adapter " + std::to_string(count) +
                                             "; resume from an earlier checkpoint"};
}

} // namespace

Precision DecoderLanguageModel::precision() const {
    return m_decoder->dtype() == at::kBFloat16 ? Precision::Bf16 : Precision::Fp32;
}

Result<void> DecoderLanguageModel::setAdapter(const formats::PeftAdapter& adapter) {
    return guard([&]() -> Result<void> {
        auto plan = planOf(config(), adapter);
        if (!plan) return plan.error();
        const std::vector<float> parameters = flatten(*plan, adapter);
        m_lora = std::make_unique<LoraSet>(std::move(*plan), parameters, m_decoder->layerCount(),
                                           m_decoder->device());
        m_lora->userScale = m_adapterScale;
        setBiases(*m_lora, adapter);
        forgetContext();
        return {};
    });
}

void DecoderLanguageModel::setAdapterScale(double scale) {
    if (scale == m_adapterScale) return;
    m_adapterScale = scale;
    if (!m_lora) return;
    m_lora->userScale = scale;
    forgetContext();
}

void DecoderLanguageModel::clearAdapter() {
    if (!m_lora) return;
    m_lora.reset();
    forgetContext();
}

Result<std::vector<float>> DecoderLanguageModel::logits(const std::vector<std::int32_t>& tokens) {
    return guard([&]() -> Result<std::vector<float>> {
        Products products;
        const at::Tensor hidden =
            m_decoder->hidden(makeInferenceBatch(tokens, 0), m_lora.get(), nullptr, products);
        return toVector(m_decoder->logits(hidden, products).flatten());
    });
}

Result<EvaluationResult> DecoderLanguageModel::evaluate(const std::vector<text::TokenRow>& rows,
                                                        int rowsAtOnce, const CancelToken& cancel,
                                                        const ProgressSink& progress) {
    if (auto checked = checkTokens(rows, config().vocab_size, "evaluation"); !checked) return checked.error();
    return guard([&] {
        Workspace workspace;
        return evaluateRows(*m_decoder, m_lora.get(), rows, rowsAtOnce, workspace, cancel, progress);
    });
}

Result<GenerationResult> DecoderLanguageModel::generate(const std::vector<std::int32_t>& prompt,
                                                        const GenerationOptions& options,
                                                        const std::function<bool(std::int32_t)>& onToken,
                                                        const CancelToken& cancel) {
    return guard(
        [&] { return generateTokens(*m_decoder, m_lora.get(), prompt, options, onToken, cancel, m_kept); });
}

Result<std::vector<GenerationResult>> DecoderLanguageModel::generateBatch(
    const std::vector<std::vector<std::int32_t>>& prompts, const GenerationOptions& options,
    const std::function<bool(std::size_t, std::int32_t)>& onToken, const CancelToken& cancel) {
    return guard(
        [&] { return engine::generateBatch(*m_decoder, m_lora.get(), prompts, options, onToken, cancel); });
}

Result<std::unique_ptr<LoraSet>> DecoderLanguageModel::startingLora(const TrainRequest& request) const {
    const auto& lora = request.settings.lora;
    auto wanted = planLora(config(), lora.r, lora.alpha / lora.r, lora.dropout, lora.target_modules);
    if (!wanted) return wanted.error();
    const formats::PeftAdapter* given = request.resumeFrom       ? &request.resumeFrom->adapter
                                        : request.initialAdapter ? &*request.initialAdapter
                                                                 : nullptr;
    if (given == nullptr)
        return std::make_unique<LoraSet>(*wanted, initialParameters(*wanted, request.settings.seed),
                                         m_decoder->layerCount(), m_decoder->device());
    auto plan = planOf(config(), *given);
    if (!plan) return plan.error();
    if (request.resumeFrom)
        if (auto checked = checkResumable(*request.resumeFrom, *plan, *wanted); !checked)
            return checked.error();
    plan->dropout = lora.dropout;
    const std::vector<float> parameters = flatten(*plan, *given);
    return std::make_unique<LoraSet>(std::move(*plan), parameters, m_decoder->layerCount(),
                                     m_decoder->device());
}

Result<TrainOutcome> DecoderLanguageModel::train(const TrainRequest& request, TrainObserver& observer) {
    if (request.trainRows.empty())
        return Error{codes::kNoTrainingRows,
                     "training data: found no usable row, expected at least one; check the "
                     "file with `llamahome data`"};
    for (const auto* rows : {&request.trainRows, &request.validationRows})
        if (auto checked = checkTokens(*rows, config().vocab_size, "training"); !checked)
            return checked.error();
    return guard([&]() -> Result<TrainOutcome> {
        auto lora = startingLora(request);
        if (!lora) return lora.error();
        m_lora = std::move(*lora);
        forgetContext();
        Trainer trainer(*m_decoder, *m_lora, request, observer);
        auto outcome = trainer.run();
        m_lora->userScale = m_adapterScale;
        return outcome;
    });
}

} // namespace llamahome::engine
