#include "llama/nn/products.h"

#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>

namespace llamahome::engine {

at::Tensor Products::linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    if (bias.defined()) return at::linear(x, weight, bias);
    return at::linear(x, weight);
}

at::Tensor Products::matmul(const at::Tensor& a, const at::Tensor& b) {
    return at::mm(a, b);
}

} // namespace llamahome::engine
