// Products: the one door for matrix products; it counts what goes through. Engine thread.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace llamahome::engine {

class Products {
public:
    /// x [rows, in] · weight[out, in]ᵀ → [rows, out]. Differentiable in x, and in weight if it asks for it.
    at::Tensor linear(const at::Tensor& x, const at::Tensor& weight);
    /// a [m, k] · b [k, n] → [m, n].
    at::Tensor matmul(const at::Tensor& a, const at::Tensor& b);

    /// Multiply-adds issued through this object; what autograd issues for it in backward is not in it.
    std::uint64_t multiplyAdds() const { return m_multiplyAdds; }

private:
    std::uint64_t m_multiplyAdds = 0;
};

} // namespace llamahome::engine
