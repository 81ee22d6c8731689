// ProjectionGroup: the projections of a layer that read one input, with their adapters stacked. Engine
// thread.
//
// y = x Wᵀ (+ bias) + s · (drop(x) Aᵀ) Bᵀ for each, summed in fp32; the input is read once for all A, and no
// gradient of W exists.
#pragma once

#include <span>
#include <vector>

#include "llama/fast/product_work.h"
#include "llama/nn/decoder_layer.h"
#include "llama/nn/workspace.h"

namespace llamahome::engine {

/// What forward() keeps for backward().
struct GroupKept {
    at::Tensor low;  ///< [tokens, rank]: drop(x) Aᵀ
    at::Tensor keep; ///< bits of the dropout [tokens, bytes]; undefined where nothing is dropped
};

class ProjectionGroup {
public:
    /// References outlive the group. `input` names the mask of the dropout, `places` the rows of its input.
    ProjectionGroup(const LayerWeights& weights, const LayerLora& lora, const PassContext& context,
                    const std::vector<TokenPlace>& places, std::int64_t layer, LayerInput input,
                    std::initializer_list<Projection> projections);

    /// Sum of the ranks of the adapted ones; 0: none is adapted.
    std::int64_t rank() const { return m_rank; }

    /// Memory of the workspace for an input [rows, width].
    GroupKept takeKept(std::int64_t rows, std::int64_t width) const;

    /// Draws the dropout and makes `low` of x [tokens, in]: the part of forward() that backward() needs
    /// again.
    void lowInto(const at::Tensor& x, const GroupKept& kept) const;

    /// x [tokens, in] → `outs` [tokens, out] in the group's order, and what is kept. `addend` [tokens, out]
    /// is added to each, if it is defined.
    void forward(const at::Tensor& x, std::span<const at::Tensor> outs, const GroupKept& kept,
                 const at::Tensor& addend = {}) const;

    /// Adds the adapters' gradients for `douts` to `gradients` and writes the input's to `dx` [tokens, in],
    /// if it is defined. x as in forward().
    void backward(const at::Tensor& x, std::span<const at::Tensor> douts, const GroupKept& kept,
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
    ProductWork work() const { return {m_context.products, m_context.productRoom}; }
    KeepBits keepBits(const GroupKept& kept) const;
    void gradientsOfB(std::span<const at::Tensor> douts, const GroupKept& kept, LayerLora& gradients) const;
    void gradientsOfA(const at::Tensor& x, const at::Tensor& dlow, const GroupKept& kept,
                      LayerLora& gradients) const;
    void inputGradient(std::span<const at::Tensor> douts, const at::Tensor& dlow, const GroupKept& kept,
                       const at::Tensor& dx) const;

    const LayerWeights& m_weights;
    const LayerLora& m_lora;
    const PassContext& m_context;
    const std::vector<TokenPlace>& m_places;
    std::int64_t m_layer;
    LayerInput m_input;
    std::vector<Member> m_members;
    std::int64_t m_rank = 0;
};

} // namespace llamahome::engine
