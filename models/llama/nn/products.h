// Products: the one door for matrix products. Engine thread.
#pragma once

#include <ATen/core/Tensor.h>

namespace llamahome::engine {

class Products {
public:
    /// x [rows, in] · weight[out, in]ᵀ + bias[out], if there is one → [rows, out]. Differentiable in x, and
    /// in weight if it asks for it.
    at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias = {});
    /// The same into `out` [rows, out], whose memory is used.
    void linearInto(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                    const at::Tensor& out);
    /// a [m, k] · b [k, n] into `out` [m, n], or added to it.
    void matmulInto(const at::Tensor& a, const at::Tensor& b, const at::Tensor& out, bool adds);
    /// a [m, k] · b [k, n] → [m, n].
    at::Tensor matmul(const at::Tensor& a, const at::Tensor& b);
};

} // namespace llamahome::engine
