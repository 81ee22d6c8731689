// Cross-entropy through the head in chunks of rows; logits of a whole batch never exist. Engine thread.
#pragma once

#include "llama/nn/decoder.h"

namespace llamahome::engine {

struct HeadLoss {
    at::Tensor tokenLosses;    ///< fp64 [targets], natural logarithm
    at::Tensor hiddenGradient; ///< [tokens, hidden] of gradientScale · their sum; undefined if not asked for
};

/// On the decoder's device, as `hidden`; reads nothing back from there. Only the batch's predictor rows of
/// `hidden` [tokens, hidden] pass norm and head. Softmax and loss in fp32.
HeadLoss headLoss(const Decoder& decoder, const at::Tensor& hidden, const Batch& batch, double gradientScale,
                  bool wantsGradient, Products& products);

} // namespace llamahome::engine
