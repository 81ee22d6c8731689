// Products: the one door for matrix products, which counts them. Engine thread.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace llamahome::engine {

class Products {
public:
    /// x [rows, in] · weight[out, in]ᵀ + bias[out], if there is one → [rows, out]. Differentiable in x, and
    /// in weight if it asks for it.
    at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias = {});
    /// a [m, k] · b [k, n] → [m, n].
    at::Tensor matmul(const at::Tensor& a, const at::Tensor& b);

    /// Multiply-adds of all products so far.
    std::uint64_t multiplyAdds() const { return m_multiplyAdds; }

    /// Products made elsewhere.
    void add(std::uint64_t multiplyAdds) { m_multiplyAdds += multiplyAdds; }
    /// A product made elsewhere: left elements, each met with so many columns.
    void count(std::int64_t leftElements, std::int64_t columns) {
        add(static_cast<std::uint64_t>(leftElements * columns));
    }

private:
    std::uint64_t m_multiplyAdds = 0;
};

} // namespace llamahome::engine
