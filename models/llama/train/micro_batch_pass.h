// One micro-batch forward and backward through the decoder. Engine thread.
#pragma once

#include "core/cancel_token.h"
#include "llama/nn/decoder.h"

namespace llamahome::engine {

/// Adds to `gradients` (flat, as the LoraSet) the gradient of gradientScale · sum of token losses, and
/// returns that sum unscaled. `recompute`: gradient checkpointing on every layer.
double forwardBackward(const Decoder& decoder, const Batch& batch, const LoraSet& lora,
                       const DropoutKey& dropout, double gradientScale, bool recompute,
                       const at::Tensor& gradients, Products& products);

/// Sum of the token losses without gradients.
double forwardLoss(const Decoder& decoder, const Batch& batch, const LoraSet* lora, Products& products);

} // namespace llamahome::engine
