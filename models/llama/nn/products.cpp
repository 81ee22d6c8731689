#include "llama/nn/products.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>

namespace llamahome::engine {

void Products::count(const at::Tensor& a, std::int64_t columns) {
    m_multiplyAdds += static_cast<std::uint64_t>(a.numel() * columns);
}

at::Tensor Products::linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    count(x, weight.size(0));
    if (bias.defined()) return at::linear(x, weight, bias);
    return at::linear(x, weight);
}

at::Tensor Products::matmul(const at::Tensor& a, const at::Tensor& b) {
    count(a, b.size(1));
    return at::mm(a, b);
}

void Products::multiplyInto(const at::Tensor& a, const at::Tensor& b, const at::Tensor& out, double kept,
                            double scale) {
    count(a, b.size(1));
    at::Tensor target = out;
    if (kept == 0.0 && scale == 1.0)
        at::mm_out(target, a, b);
    else
        at::addmm_out(target, target, a, b, kept, scale);
}

void Products::multiplyEachInto(const at::Tensor& a, const at::Tensor& b, const at::Tensor& out) {
    count(a, b.size(2));
    at::Tensor target = out;
    at::bmm_out(target, a, b);
}

} // namespace llamahome::engine
