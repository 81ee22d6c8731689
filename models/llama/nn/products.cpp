#include "llama/nn/products.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>

namespace llamahome::engine {

at::Tensor Products::linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    if (bias.defined()) return at::linear(x, weight, bias);
    return at::linear(x, weight);
}

void Products::linearInto(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                          const at::Tensor& out) {
    at::Tensor target = out;
    at::mm_out(target, x, weight.t());
    if (bias.defined()) target.add_(bias);
}

void Products::matmulInto(const at::Tensor& a, const at::Tensor& b, const at::Tensor& out, bool adds) {
    at::Tensor target = out;
    if (adds)
        target.addmm_(a, b);
    else
        at::mm_out(target, a, b);
}

at::Tensor Products::matmul(const at::Tensor& a, const at::Tensor& b) {
    return at::mm(a, b);
}

} // namespace llamahome::engine
