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

    /// out [m, n] = kept · out + scale · a [m, k] · b [k, n], in the memory of `out`.
    void multiplyInto(const at::Tensor& a, const at::Tensor& b, const at::Tensor& out, double kept = 0.0,
                      double scale = 1.0);
    /// The same of every pair of a batch: a [batch, m, k], b [batch, k, n], out [batch, m, n].
    void multiplyEachInto(const at::Tensor& a, const at::Tensor& b, const at::Tensor& out);

    /// Multiply-adds of all products so far.
    std::uint64_t multiplyAdds() const { return m_multiplyAdds; }

private:
    void count(const at::Tensor& a, std::int64_t columns);

    std::uint64_t m_multiplyAdds = 0;
};

} // namespace llamahome::engine
