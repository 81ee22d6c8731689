#include "llama/nn/rms_norm.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/rsqrt.h>

namespace llamahome::engine {

at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps) {
    const at::Tensor wide = x.to(at::kFloat);
    const at::Tensor variance = wide.square().mean(-1, /*keepdim=*/true);
    return (wide * (variance + eps).rsqrt()).to(x.scalar_type()) * weight;
}

} // namespace llamahome::engine
