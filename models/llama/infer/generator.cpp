#include "llama/infer/generator.h"

#include <algorithm>

#include "core/clock.h"
#include "core/error_codes.h"
#include "llama/infer/sampler.h"

namespace llamahome::engine {
namespace {

constexpr std::size_t kPrefillChunk = 512; // tokens between two looks at the cancel flag

Result<void> checkPrompt(const formats::ModelConfig& config, const std::vector<std::int32_t>& prompt) {
    if (prompt.empty())
        return Error{codes::kBadToken,
                     "prompt: found no token, expected at least one; write something to go on from"};
    for (const std::int32_t token : prompt)
        if (token < 0 || token >= config.vocab_size)
            return Error{codes::kBadToken, "prompt: found token " + std::to_string(token) +
                                               ", expected 0 to " + std::to_string(config.vocab_size - 1) +
                                               "; the tokenizer does not belong to this model"};
    const auto length = static_cast<std::int64_t>(prompt.size());
    if (length >= config.max_position_embeddings)
        return Error{codes::kContextFull, "prompt: found " + std::to_string(length) +
                                              " tokens, this model's context holds " +
                                              std::to_string(config.max_position_embeddings) +
                                              " with room for an answer; shorten it"};
    return {};
}

/// Runs the prompt through the cache and returns the last token's hidden state [1, hidden]; undefined if
/// cancelled.
at::Tensor prefill(const Decoder& decoder, const LoraSet* lora, std::span<const std::int32_t> prompt,
                   KvCache& cache, Products& products, const CancelToken& cancel) {
    at::Tensor hidden;
    for (std::size_t first = 0; first < prompt.size(); first += kPrefillChunk) {
        if (cancel.isCancelled()) return {};
        const auto chunk = prompt.subspan(first, std::min(kPrefillChunk, prompt.size() - first));
        hidden = decoder.hidden(makeInferenceBatch(chunk, cache.length()), lora, &cache, products);
    }
    return hidden.narrow(0, hidden.size(0) - 1, 1);
}

} // namespace

Result<GenerationResult> generateTokens(const Decoder& decoder, const LoraSet* lora,
                                        const std::vector<std::int32_t>& prompt,
                                        const GenerationOptions& options,
                                        const std::function<bool(std::int32_t)>& onToken,
                                        const CancelToken& cancel) {
    if (auto checked = checkPrompt(decoder.config(), prompt); !checked) return checked.error();
    KvCache cache(decoder.config(), decoder.dtype());
    Products products;
    Sampler sampler(options);
    GenerationResult result;
    std::vector<std::int32_t> history = prompt;

    const double begin = systemClock().monotonicSeconds();
    at::Tensor hidden = prefill(decoder, lora, prompt, cache, products, cancel);
    const double decodeBegin = systemClock().monotonicSeconds();
    result.promptSeconds = decodeBegin - begin;
    result.finish = hidden.defined() ? FinishReason::Length : FinishReason::Cancelled;
    while (hidden.defined() && static_cast<int>(result.tokens.size()) < options.maxNewTokens) {
        at::Tensor logits = decoder.logits(hidden, products).contiguous(); // [1, vocab]
        float* scores = logits.mutable_data_ptr<float>();
        const std::int32_t token = sampler.next({scores, static_cast<std::size_t>(logits.numel())}, history);
        const auto& stops = options.stopTokens;
        if (std::find(stops.begin(), stops.end(), token) != stops.end()) {
            result.finish = FinishReason::StopToken;
            break;
        }
        history.push_back(token);
        result.tokens.push_back(token);
        if (onToken && !onToken(token)) {
            result.finish = FinishReason::Stopped;
            break;
        }
        if (cancel.isCancelled()) {
            result.finish = FinishReason::Cancelled;
            break;
        }
        if (cache.length() + 1 >= decoder.config().max_position_embeddings) {
            result.finish = FinishReason::ContextFull;
            break;
        }
        const std::int32_t next[] = {token};
        hidden = decoder.hidden(makeInferenceBatch(next, cache.length()), lora, &cache, products);
    }
    result.decodeSeconds = systemClock().monotonicSeconds() - decodeBegin;
    return result;
}

} // namespace llamahome::engine
