// One micro-batch forward and backward through the decoder. Engine thread.
#pragma once

#include <vector>

#include "core/cancel_token.h"
#include "llama/nn/decoder.h"
#include "llama/nn/workspace.h"

namespace llamahome::engine {

/// How a training pass is made, and with what.
struct TrainPass {
    Products& products;
    Workspace& workspace; ///< given back whole
    DropoutKey dropout = {};
    double gradientScale = 1.0;
    /// Gradient checkpointing: of the layers that go backward, so many lowest are computed again. Why the
    /// lowest: fewestRecomputed().
    std::int64_t recomputedLayers = 0;
};

/// Adds to `gradients` (flat, as the LoraSet) the gradient of gradientScale · sum of token losses, and
/// returns that sum unscaled.
double forwardBackward(const Decoder& decoder, const Batch& batch, const LoraSet& lora, const TrainPass& pass,
                       const at::Tensor& gradients);

/// The same by the plain path, on whatever devices the layers lie: the sum is an fp64 scalar on the decoder's
/// device, and nothing is read back from there. The batch has a target; the workspace is not used.
at::Tensor plainForwardBackward(const Decoder& decoder, const Batch& batch, const LoraSet& lora,
                                const TrainPass& pass, const at::Tensor& gradients);

/// Sum of the token losses without gradients. The workspace is given back whole. `tokenLosses` becomes the
/// loss of each target.
double forwardLoss(const Decoder& decoder, const Batch& batch, const LoraSet* lora, Products& products,
                   Workspace& workspace, std::vector<double>& tokenLosses);

} // namespace llamahome::engine
