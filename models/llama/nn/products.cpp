#include "llama/nn/products.h"

#include <cassert>

#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>

namespace llamahome::engine {

at::Tensor Products::linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    assert(x.device() == weight.device());
    count(x.numel(), weight.size(0));
    if (bias.defined()) return at::linear(x, weight, bias);
    return at::linear(x, weight);
}

at::Tensor Products::matmul(const at::Tensor& a, const at::Tensor& b) {
    assert(a.device() == b.device());
    count(a.numel(), b.size(1));
    return at::mm(a, b);
}

} // namespace llamahome::engine
