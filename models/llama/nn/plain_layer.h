// PlainLayer: the readable layer, ATen operators and local autograd; the oracle of faster ones. On whatever
// device its weights lie; an adapter may lie on another. Engine thread.
#pragma once

#include <cstdint>

#include "llama/nn/decoder_layer.h"

namespace llamahome::engine {

class PlainLayer final : public DecoderLayer {
public:
    PlainLayer(std::int64_t index, LayerWeights weights)
        : m_index(index)
        , m_weights(std::move(weights)) {}

    const LayerWeights& weights() const override { return m_weights; }
    at::Tensor infer(const at::Tensor& x, const PassContext& context, const LayerLora& lora) const override;
    at::Tensor forward(const at::Tensor& x, const PassContext& context, const LayerLora& lora,
                       LayerSave& save, bool recompute) const override;
    at::Tensor backward(const at::Tensor& dy, const PassContext& context, const LayerLora& lora,
                        LayerSave& save, LayerLora& gradients, bool needsInputGradient) const override;

private:
    at::Tensor block(const at::Tensor& x, const PassContext& context, const LayerLora& lora) const;
    at::Tensor attentionBlock(const at::Tensor& x, const PassContext& context, const LayerLora& lora) const;
    at::Tensor feedForwardBlock(const at::Tensor& x, const PassContext& context, const LayerLora& lora) const;
    /// W x + scaling · B(A(dropped)), where `dropped` is x after the dropout of its LayerInput.
    at::Tensor project(Projection projection, const at::Tensor& x, const at::Tensor& dropped,
                       const PassContext& context, const LayerLora& lora) const;
    at::Tensor dropped(const at::Tensor& x, const PassContext& context, LayerInput input) const;
    struct Recorded;
    /// Runs the block under autograd from fresh leaves.
    std::unique_ptr<Recorded> record(const at::Tensor& x, const PassContext& context,
                                     const LayerLora& lora) const;

    std::int64_t m_index;
    LayerWeights m_weights;
};

} // namespace llamahome::engine
