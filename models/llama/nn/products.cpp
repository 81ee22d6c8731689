#include "llama/nn/products.h"

#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>

namespace llamahome::engine {

at::Tensor Products::linear(const at::Tensor& x, const at::Tensor& weight) {
    m_multiplyAdds += static_cast<std::uint64_t>(x.size(0) * weight.size(0) * weight.size(1));
    return at::linear(x, weight);
}

at::Tensor Products::matmul(const at::Tensor& a, const at::Tensor& b) {
    m_multiplyAdds += static_cast<std::uint64_t>(a.size(0) * a.size(1) * b.size(1));
    return at::mm(a, b);
}

} // namespace llamahome::engine
