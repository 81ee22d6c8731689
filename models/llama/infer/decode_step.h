// DecodeStep: one more token of one or several contexts through the whole model, on preallocated memory.
// Engine thread.
//
// Bound by reading the weights once: one parallel region a token, vector kernels (llama/kernels) for products
// and attention. Values are rounded where PlainLayer rounds them, which is its oracle.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "llama/kernels/vector_types.h"
#include "llama/nn/decoder.h"

namespace llamahome::engine {

class DecodeStep {
public:
    /// For up to `rows` contexts at once, 1 to kMaxVectorRows. Decoder and adapter (null: none) outlive it
    /// and stay as they are. `threads` 0: those of ATen, or fewer where a layer has too little for each.
    static std::unique_ptr<DecodeStep> create(const Decoder& decoder, const LoraSet* lora, std::int64_t rows,
                                              std::int64_t threads = 0);
    virtual ~DecodeStep() = default;

    /// tokens[i], a token of the vocabulary, goes on after what caches[i] holds, which has room for it and is
    /// one longer afterwards. Logits fp32 [rows, vocab], the caller's to change until the next call.
    /// Allocates nothing but what the caches grow by. std::bad_alloc from those leaves all caches as long as
    /// they were.
    virtual std::span<float> run(std::span<const std::int32_t> tokens, std::span<KvCache* const> caches) = 0;
};

} // namespace llamahome::engine
