// Cross-entropy through the head in chunks of rows; logits of a whole batch never exist. Engine thread.
#pragma once

#include <vector>

#include "llama/nn/decoder.h"

namespace llamahome::engine {

struct HeadLoss {
    double lossSum = 0.0;            ///< sum over the targets, natural logarithm
    std::vector<double> tokenLosses; ///< of each target
    at::Tensor hiddenGradient; ///< [tokens, hidden] of gradientScale · lossSum; undefined if not asked for
};

/// Only the batch's predictor rows of `hidden` [tokens, hidden] pass norm and head. Softmax and loss in fp32.
HeadLoss headLoss(const Decoder& decoder, const at::Tensor& hidden, const Batch& batch, double gradientScale,
                  bool wantsGradient, Products& products);

} // namespace llamahome::engine
