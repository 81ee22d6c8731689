// FrozenLinear: a weight of the base model behind one face, whatever it is stored as. Engine thread.
#pragma once

#include <ATen/core/Tensor.h>

#include "llama/nn/products.h"
#include "llama/nn/quantised_weight.h"

namespace llamahome::engine {

/// Never gets a gradient. In the compute dtype, or quantised: int8 and NF4.
class FrozenLinear {
public:
    FrozenLinear() = default;
    /// weight [out, in] in the compute dtype; bias [out] or undefined.
    explicit FrozenLinear(at::Tensor weight, at::Tensor bias = {})
        : m_weight(std::move(weight))
        , m_bias(std::move(bias)) {}
    explicit FrozenLinear(QuantisedWeight weight, at::Tensor bias = {})
        : m_quantised(std::make_shared<const QuantisedWeight>(std::move(weight)))
        , m_bias(std::move(bias)) {}

    /// x [rows, in] → [rows, out]. Differentiable in x.
    at::Tensor forward(const at::Tensor& x, Products& products) const {
        return products.linear(x, values(), m_bias);
    }
    /// dy [rows, out] → dx [rows, in].
    at::Tensor backwardInput(const at::Tensor& dy, Products& products) const {
        return products.matmul(dy, values());
    }
    /// A copy on a device, in the compute dtype: a quantised one as its values.
    FrozenLinear on(at::Device device) const {
        const auto copy = [device](const at::Tensor& tensor) {
            return tensor.to(device, tensor.scalar_type(), /*non_blocking=*/false, /*copy=*/true);
        };
        return FrozenLinear(copy(values()), m_bias.defined() ? copy(m_bias) : at::Tensor());
    }
    /// [out, in] in the compute dtype, for products that are made elsewhere; undefined where it is quantised.
    const at::Tensor& weight() const { return m_weight; }
    /// Whether the fast path multiplies the codes of int8 with rows that it quantises (W8A8); others take the
    /// matrix's values.
    bool isMultipliedInInt8() const { return m_quantised && m_quantised->isMultipliedInInt8(); }
    /// The matrix as it is stored; null where it lies in the compute dtype.
    const formats::QuantisedView* quantised() const { return m_quantised ? &m_quantised->view() : nullptr; }
    /// [out], or undefined.
    const at::Tensor& bias() const { return m_bias; }

private:
    at::Tensor values() const { return m_quantised ? m_quantised->values() : m_weight; }

    at::Tensor m_weight; ///< or:
    std::shared_ptr<const QuantisedWeight> m_quantised;
    at::Tensor m_bias;
};

} // namespace llamahome::engine
