// FrozenLinear: a weight of the base model behind one face, whatever it is stored as. Engine thread.
#pragma once

#include <ATen/core/Tensor.h>

#include "llama/nn/products.h"

namespace llamahome::engine {

/// Never gets a gradient. Today bf16 or fp32 in the compute dtype; int8 and NF4 join behind the same face.
class FrozenLinear {
public:
    FrozenLinear() = default;
    /// weight [out, in] in the compute dtype; bias [out] or undefined.
    explicit FrozenLinear(at::Tensor weight, at::Tensor bias = {})
        : m_weight(std::move(weight))
        , m_bias(std::move(bias)) {}

    /// x [rows, in] → [rows, out]. Differentiable in x.
    at::Tensor forward(const at::Tensor& x, Products& products) const {
        return products.linear(x, m_weight, m_bias);
    }
    /// dy [rows, out] → dx [rows, in].
    at::Tensor backwardInput(const at::Tensor& dy, Products& products) const {
        return products.matmul(dy, m_weight);
    }
    /// [out, in], for products of the fast path.
    const at::Tensor& weight() const { return m_weight; }
    /// [out], or undefined.
    const at::Tensor& bias() const { return m_bias; }

private:
    at::Tensor m_weight;
    at::Tensor m_bias;
};

} // namespace llamahome::engine
