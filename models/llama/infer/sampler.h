// Sampler: from the last position's logits to the next token, in transformers' processor order. One thread.
//
// Order: repetition penalty, temperature, top-k, top-p, min-p, softmax, draw (llama.md 9.1).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/philox.h"
#include "llama/engine.h"

namespace llamahome::engine {

/// A token that may be drawn, and how likely.
struct SampledToken {
    std::int32_t token;
    float weight;
};

class Sampler {
public:
    explicit Sampler(const GenerationOptions& options);

    /// The next token. `logits` has one fp32 entry a token id and is overwritten; `history` is prompt and
    /// output.
    std::int32_t next(std::span<float> logits, std::span<const std::int32_t> history);

    /// Turns logits into the distribution that next() draws from, in place; removed tokens get 0.
    void toProbabilities(std::span<float> logits);

private:
    /// In the order of their ids; those removed last have a weight of 0.
    std::span<SampledToken> candidates(std::span<float> logits);

    GenerationOptions m_options;
    PhiloxStream m_random;
    std::vector<SampledToken> m_candidates; ///< of the last token, as is
    std::vector<float> m_sorted;            ///< scratch of top-k
};

/// Divides positive and multiplies negative scores of every distinct token in `history` by `penalty`.
void applyRepetitionPenalty(std::span<float> logits, std::span<const std::int32_t> history, double penalty);

} // namespace llamahome::engine
