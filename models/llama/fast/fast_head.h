// The head's cross-entropy on preallocated memory, with the gradient made in the forward pass. Engine thread.
#pragma once

#include "llama/nn/decoder.h"
#include "llama/nn/workspace.h"

namespace llamahome::engine {

/// As headLoss(): the sum of the token losses; only predictor rows pass norm and head, in chunks. With a
/// defined `gradient` [tokens, hidden], which it overwrites, also gradientScale times the loss's gradient
/// there. The context has a workspace.
double fastHeadLoss(const Decoder& decoder, const at::Tensor& hidden, const PassContext& context,
                    double gradientScale, const at::Tensor& gradient);

} // namespace llamahome::engine
