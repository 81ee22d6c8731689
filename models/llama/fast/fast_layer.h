// FastLayer: a layer's forward and backward by hand, on preallocated memory, with fused row kernels. Engine
// thread.
//
// Kept between forward and backward are the residual stream in the middle, q, k, v and the attended rows, the
// softmax of the scores in short, gate and up, and the adapters' low-rank products; norms and SwiGLU are
// computed again. PlainLayer is its oracle.
#pragma once

#include "llama/fast/projection_group.h"
#include "llama/nn/plain_layer.h"

namespace llamahome::engine {

class FastLayer final : public DecoderLayer {
public:
    FastLayer(std::int64_t index, LayerWeights weights)
        : m_index(index)
        , m_weights(weights)
        , m_plain(index, std::move(weights)) {}

    const LayerWeights& weights() const override { return m_weights; }
    /// Without a workspace as the plain layer. Else the result lies in the workspace; with a cache the keys
    /// and values go there, behind those that it holds and into memory that it has reserved.
    at::Tensor infer(const at::Tensor& x, const PassContext& context, const LayerLora& lora) const override;
    /// The context has a workspace, which holds the result and what is kept until backward() of this layer.
    at::Tensor forward(const at::Tensor& x, const PassContext& context, const LayerLora& lora,
                       LayerSave& save, bool recompute) const override;
    /// dy becomes dx in place; of the last layer the gradient of the predictors' rows lies in its first rows.
    /// Layers go backward in the reverse order of their forward.
    at::Tensor backward(const at::Tensor& dy, const PassContext& context, const LayerLora& lora,
                        LayerSave& save, LayerLora& gradients, bool needsInputGradient) const override;

private:
    /// `rows` are those behind attention: all tokens, or the predictors (isTrimmed()).
    struct Kept final : LayerKept {
        at::Tensor inverseRmsIn;  ///< fp32 [tokens]
        at::Tensor q, k, v;       ///< head-major, rotated
        at::Tensor softmaxRows;   ///< see takeSoftmaxRows()
        at::Tensor attended;      ///< [rows, heads · head_dim]
        at::Tensor middle;        ///< [rows, hidden]
        at::Tensor inverseRmsMid; ///< fp32 [rows]
        at::Tensor gate, up;      ///< [rows, intermediate]
        GroupKept attention, output, mlp, down;
        bool isDownMade = false; ///< not where the layer is computed again
    };
    /// The groups of one pass.
    struct Groups {
        ProjectionGroup attention, output, mlp, down;
    };

    /// Whether the rows behind this layer's attention are the predictors alone: nothing else reads the
    /// others.
    bool isTrimmed(const PassContext& context) const;
    /// Rows behind attention as rows of all tokens, zeros between them; in the workspace where that differs.
    at::Tensor expanded(const at::Tensor& rows, const PassContext& context) const;
    Groups groups(const PassContext& context, const LayerLora& lora) const;
    Kept takeKept(const PassContext& context, const Groups& groups) const;
    void attentionForward(const at::Tensor& x, const PassContext& context, const Groups& groups,
                          const Kept& kept) const;
    void gateUpForward(const PassContext& context, const Groups& groups, const Kept& kept) const;
    void downForward(const PassContext& context, const Groups& groups, const Kept& kept,
                     const at::Tensor& y) const;
    void attentionBackward(const at::Tensor& x, const at::Tensor& dy, const PassContext& context,
                           const Groups& groups, const Kept& kept, LayerLora& gradients,
                           bool needsInputGradient) const;
    void mlpBackward(const at::Tensor& dy, const PassContext& context, const Groups& groups, const Kept& kept,
                     LayerLora& gradients, bool isNeededBelow) const;

    std::int64_t m_index;
    LayerWeights m_weights;
    PlainLayer m_plain;
};

} // namespace llamahome::engine
