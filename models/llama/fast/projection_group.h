// ProjectionGroup: the projections of a layer that read one input, with their adapters stacked. Engine
// thread.
//
// y = x Wᵀ (+ bias) + s · (drop(x) Aᵀ) Bᵀ for each; the input is read once for all A, and no gradient of W
// exists.
#pragma once

#include <span>
#include <vector>

#include "llama/nn/decoder_layer.h"
#include "llama/nn/workspace.h"

namespace llamahome::engine {

class ProjectionGroup {
public:
    /// References outlive the group. `input` names the mask of the dropout.
    ProjectionGroup(const LayerWeights& weights, const LayerLora& lora, const PassContext& context,
                    std::int64_t layer, LayerInput input, std::initializer_list<Projection> projections);

    /// Sum of the ranks of the adapted ones; 0: none is adapted.
    std::int64_t rank() const { return m_rank; }

    /// x [tokens, in] → `outs` [tokens, out] in the group's order, and `low` [tokens, rank()]: drop(x) Aᵀ.
    void forward(const at::Tensor& x, std::span<const at::Tensor> outs, const at::Tensor& low) const;

    /// Only `low` of it; nothing where none is adapted.
    void lowInto(const at::Tensor& x, const at::Tensor& low) const;

    /// Adds the adapters' gradients for `douts` to `gradients` and writes the input's to `dx` [tokens, in],
    /// if it is defined. x and low as in forward().
    void backward(const at::Tensor& x, std::span<const at::Tensor> douts, const at::Tensor& low,
                  LayerLora& gradients, const at::Tensor& dx) const;

private:
    struct Member {
        Projection projection;
        std::int64_t offset; ///< of its columns in `low`
        std::int64_t r;      ///< 0: not adapted
    };

    const LoraMatrices& matricesOf(const Member& member) const {
        return m_lora[static_cast<std::size_t>(member.projection)];
    }
    double scalingOf(const Member& member) const { return matricesOf(member).scaling * m_context.loraScale; }
    at::Tensor stackedA(at::ScalarType type) const;
    at::Tensor matrixB(const Member& member, at::ScalarType type) const;
    bool drops() const;
    /// The group's mask on x into `out`, which may be x.
    void dropInto(const at::Tensor& x, const at::Tensor& out) const;
    at::Tensor dropped(const at::Tensor& x) const;
    void inputGradient(std::span<const at::Tensor> douts, const at::Tensor& dlow, const at::Tensor& dx) const;

    const LayerWeights& m_weights;
    const LayerLora& m_lora;
    const PassContext& m_context;
    std::int64_t m_layer;
    LayerInput m_input;
    std::vector<Member> m_members;
    std::int64_t m_rank = 0;
};

} // namespace llamahome::engine
