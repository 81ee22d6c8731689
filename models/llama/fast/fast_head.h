// The head's cross-entropy on preallocated memory, with the gradient made in the forward pass. Engine thread.
#pragma once

#include <vector>

#include "llama/nn/decoder.h"
#include "llama/nn/workspace.h"

namespace llamahome::engine {

/// The sum of the token losses of hidden [targets, hidden], the predictors' rows, in chunks. With a defined
/// `gradient` of the same shape, which it overwrites, also gradientScale times the loss's gradient there. The
/// context has a workspace. `tokenLosses`, where given, becomes the loss of each target.
double fastHeadLoss(const Decoder& decoder, const at::Tensor& hidden, const PassContext& context,
                    double gradientScale, const at::Tensor& gradient,
                    std::vector<double>* tokenLosses = nullptr);

} // namespace llamahome::engine
