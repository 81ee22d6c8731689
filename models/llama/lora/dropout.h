// LoRA dropout by counter: a mask depends on seed, step, row, position, layer, input and channel. Engine
// thread.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "llama/nn/batch.h"

namespace llamahome::engine {

/// The four inputs of a layer that projections read; those that share an input share its mask.
enum class LayerInput : std::uint32_t { Attention, Output, Mlp, Down };

struct DropoutKey {
    double probability = 0.0;
    std::uint64_t seed = 0;
    std::uint32_t step = 0;
};

/// The mask of a layer's input as the row kernels take it.
DropoutMask dropoutMask(const DropoutKey& key, std::int64_t layer, LayerInput input);

/// x [tokens, features] with elements dropped and the rest scaled by 1/(1-p) (inverted dropout).
/// The mask of a token is the same in whatever micro-batch its row stands, when a layer is recomputed,
/// and on whatever device x lies: it is drawn by the processor.
at::Tensor applyDropout(const at::Tensor& x, const Batch& batch, const DropoutKey& key, std::int64_t layer,
                        LayerInput input);

} // namespace llamahome::engine
