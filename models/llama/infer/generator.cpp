#include "llama/infer/generator.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>

#include "core/clock.h"
#include "core/error_codes.h"
#include "formats/tensor_values.h"
#include "llama/infer/decode_step.h"
#include "llama/infer/sampler.h"
#include "llama/nn/workspace.h"

namespace llamahome::engine {
namespace {

constexpr std::size_t kPrefillChunk = 512; // tokens between two looks at the cancel flag

using Tokens = std::vector<std::int32_t>;
using TokenListener = std::function<bool(std::size_t, std::int32_t)>;

Result<void> checkPrompt(const formats::ModelConfig& config, const Tokens& prompt) {
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

/// Nothing can be drawn from such scores; `made`: tokens of the answer before them.
Error notNumbers(std::size_t made) {
    return Error{codes::kNonFiniteScores,
                 "the scores of token " + std::to_string(made + 1) +
                     " of the answer: found an infinity or NaN, expected numbers; the weights or the adapter "
                     "are damaged, or too large for this precision: look with `llamahome verify MODEL "
                     "--deep`, or try --precision fp32"};
}

/// What all rows of a generation share.
struct Generation {
    const Decoder& decoder;
    const LoraSet* lora;
    const GenerationOptions& options;
    const TokenListener& onToken; ///< may be empty
    const CancelToken& cancel;
    Workspace workspace = {}; ///< of reading prompts

    /// Hidden states of `tokens`, which go on after what the cache holds and are then in it: of the last one
    /// [1, hidden].
    at::Tensor read(std::span<const std::int32_t> tokens, KvCache& cache) {
        const c10::AutoGradMode silent(false);
        const WorkspaceScope scope(workspace);
        Batch batch = makeInferenceBatch(tokens, cache.length());
        const std::int64_t last = batch.tokenCount() - 1;
        Products products;
        if (decoder.path() == LayerPath::Plain)
            return decoder.hidden(batch, lora, &cache, products).narrow(0, last, 1);
        const LoraSet* const adapter = lora != nullptr && lora->userScale != 0.0 ? lora : nullptr;
        batch.predictors = at::full({1}, last, at::kLong);
        batch.targets = batch.predictors; // as many; what they are plays no part here
        PassContext context = decoder.context(batch, products, adapter, &workspace);
        context.cache = &cache;
        cache.reserve(cache.length() + batch.tokenCount());
        const at::Tensor x =
            workspace.take({batch.tokenCount(), decoder.config().hidden_size}, decoder.dtype());
        decoder.embedInto(batch, x);
        const at::Tensor hidden = decoder.inferOn(x, context, adapter);
        cache.advance(batch.tokenCount());
        return hidden.clone();
    }
};

/// One prompt and what is made of it.
class GeneratedRow {
public:
    GeneratedRow(Generation& generation, std::size_t number, const Tokens& prompt, KeptContext context)
        : m_generation(generation)
        , m_number(number)
        , m_tokens(prompt)
        , m_cache(std::move(context.cache))
        , m_sampler(generation.options) {
        if (m_cache == nullptr)
            m_cache = std::make_unique<KvCache>(generation.decoder.config(), generation.decoder.dtype());
        // The last token is read in any case: what follows it is drawn from its logits.
        const auto known =
            std::mismatch(context.tokens.begin(), context.tokens.end(), prompt.begin(), prompt.end() - 1)
                .first -
            context.tokens.begin();
        m_cache->truncate(known);
        m_result.reusedTokens = static_cast<std::size_t>(known);
    }

    /// Reads the prompt and draws the first token of the answer; false: the row is at its end.
    bool begin() {
        const double start = systemClock().monotonicSeconds();
        const at::Tensor hidden = readPrompt();
        m_decodeBegin = systemClock().monotonicSeconds();
        m_result.promptSeconds = m_decodeBegin - start;
        if (!hidden.defined()) return end(FinishReason::Cancelled);
        if (m_generation.options.maxNewTokens <= 0) return end(FinishReason::Length);
        Products products;
        at::Tensor logits = m_generation.decoder.logits(hidden, products).cpu().contiguous(); // [1, vocab]
        return draw({logits.mutable_data_ptr<float>(), static_cast<std::size_t>(logits.numel())});
    }

    /// Draws the next token, which changes the logits; false: the row is at its end.
    bool draw(std::span<float> logits) {
        const GenerationOptions& options = m_generation.options;
        if (formats::holdsNonFinite(std::as_bytes(logits), formats::DType::F32))
            return fail(notNumbers(m_result.tokens.size()));
        const std::int32_t token = m_sampler.next(logits, m_tokens);
        const auto& stops = options.stopTokens;
        if (std::find(stops.begin(), stops.end(), token) != stops.end()) return end(FinishReason::StopToken);
        m_tokens.push_back(token);
        m_result.tokens.push_back(token);
        if (m_generation.onToken && !m_generation.onToken(m_number, token)) return end(FinishReason::Stopped);
        if (m_generation.cancel.isCancelled()) return end(FinishReason::Cancelled);
        if (m_cache->length() + 1 >= m_generation.decoder.config().max_position_embeddings)
            return end(FinishReason::ContextFull);
        if (static_cast<int>(m_result.tokens.size()) >= options.maxNewTokens)
            return end(FinishReason::Length);
        return true;
    }

    std::size_t number() const { return m_number; }
    std::int32_t lastToken() const { return m_tokens.back(); }
    KvCache* cache() const { return m_cache.get(); }
    Result<GenerationResult> takeResult() {
        return m_failure ? Result<GenerationResult>(*m_failure) : std::move(m_result);
    }
    /// What the next prompt may go on from: nothing after a failure.
    KeptContext takeContext() {
        if (m_failure) return {};
        m_tokens.resize(static_cast<std::size_t>(m_cache->length())); // the last drawn one was not read
        return {std::move(m_tokens), std::move(m_cache)};
    }

private:
    bool fail(Error failure) {
        m_failure = std::move(failure);
        return false;
    }
    bool end(FinishReason reason) {
        m_result.finish = reason;
        m_result.contextBytes = m_cache->bytes();
        m_result.decodeSeconds = systemClock().monotonicSeconds() - m_decodeBegin;
        return false;
    }

    /// The last token's hidden state [1, hidden]; undefined if cancelled.
    at::Tensor readPrompt() {
        const std::span<const std::int32_t> prompt(m_tokens);
        at::Tensor hidden;
        for (std::size_t first = m_result.reusedTokens; first < prompt.size(); first += kPrefillChunk) {
            if (m_generation.cancel.isCancelled()) return {};
            const auto chunk = prompt.subspan(first, std::min(kPrefillChunk, prompt.size() - first));
            hidden = m_generation.read(chunk, *m_cache);
        }
        return hidden;
    }

    Generation& m_generation;
    std::size_t m_number;
    Tokens m_tokens; ///< prompt and answer
    std::unique_ptr<KvCache> m_cache;
    Sampler m_sampler;
    GenerationResult m_result;
    std::optional<Error> m_failure;
    double m_decodeBegin = 0.0;
};

/// One token further for every row; those that are then at their end are handed to `onEnd` and left out.
template <typename OnEnd>
void advanceRows(std::vector<std::unique_ptr<GeneratedRow>>& rows, DecodeStep& step, OnEnd onEnd) {
    Tokens tokens;
    std::vector<KvCache*> caches;
    for (const auto& row : rows) {
        tokens.push_back(row->lastToken());
        caches.push_back(row->cache());
    }
    const std::span<float> logits = step.run(tokens, caches);
    const std::size_t vocab = logits.size() / rows.size();
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (!rows[i]->draw(logits.subspan(i * vocab, vocab))) onEnd(std::move(rows[i]));
    std::erase(rows, nullptr);
}

} // namespace

Result<GenerationResult> generateTokens(const Decoder& decoder, const LoraSet* lora, const Tokens& prompt,
                                        const GenerationOptions& options,
                                        const std::function<bool(std::int32_t)>& onToken,
                                        const CancelToken& cancel, KeptContext& kept) {
    if (auto checked = checkPrompt(decoder.config(), prompt); !checked) return checked.error();
    TokenListener listener;
    if (onToken) listener = [&onToken](std::size_t, std::int32_t token) { return onToken(token); };
    Generation generation{decoder, lora, options, listener, cancel};
    GeneratedRow row(generation, 0, prompt, std::exchange(kept, {}));
    if (row.begin()) {
        const auto step = DecodeStep::create(decoder, lora, 1);
        KvCache* const caches[] = {row.cache()};
        std::int32_t token = row.lastToken();
        while (row.draw(step->run({&token, 1}, caches)))
            token = row.lastToken();
    }
    kept = row.takeContext();
    return row.takeResult();
}

Result<std::vector<GenerationResult>> generateBatch(const Decoder& decoder, const LoraSet* lora,
                                                    const std::vector<Tokens>& prompts,
                                                    const GenerationOptions& options,
                                                    const TokenListener& onToken, const CancelToken& cancel) {
    for (const Tokens& prompt : prompts)
        if (auto checked = checkPrompt(decoder.config(), prompt); !checked) return checked.error();
    std::vector<GenerationResult> results(prompts.size());
    std::optional<Error> failure;
    if (prompts.empty()) return results;
    Generation generation{decoder, lora, options, onToken, cancel};
    const std::size_t most = std::min(prompts.size(), static_cast<std::size_t>(kMaxVectorRows));
    const auto step = DecodeStep::create(decoder, lora, static_cast<std::int64_t>(most));
    std::vector<std::unique_ptr<GeneratedRow>> rows;
    const auto finish = [&](std::unique_ptr<GeneratedRow> row) {
        auto result = row->takeResult();
        if (result)
            results[row->number()] = std::move(*result);
        else
            failure = result.error();
    };
    for (std::size_t next = 0; !failure && (next < prompts.size() || !rows.empty());) {
        if (next < prompts.size() && rows.size() < most) { // one that ended makes room for another
            auto row = std::make_unique<GeneratedRow>(generation, next, prompts[next], KeptContext{});
            ++next;
            if (row->begin())
                rows.push_back(std::move(row));
            else
                finish(std::move(row));
        } else {
            advanceRows(rows, *step, finish);
        }
    }
    if (failure) return *failure;
    return results;
}

} // namespace llamahome::engine
