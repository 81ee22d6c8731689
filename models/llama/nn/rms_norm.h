// RMSNorm as the Hub's models compute it. Engine thread.
#pragma once

#include <ATen/core/Tensor.h>

namespace llamahome::engine {

/// x [tokens, hidden], weight [hidden] in x's dtype. Statistics in fp32; the normalised value is rounded to
/// x's dtype before the weight multiplies it (llama.md 2.2). Differentiable in x.
at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps);

} // namespace llamahome::engine
