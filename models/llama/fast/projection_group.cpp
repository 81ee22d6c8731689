#include "llama/fast/projection_group.h"

#include <array>

#include <ATen/TensorOperators.h>

#include "llama/fast/row_work.h"

namespace llamahome::engine {
namespace {

/// left · W, or left · Wᵀ.
TensorTerm frozenTerm(const at::Tensor& left, const FrozenLinear& linear, bool isTransposed) {
    TensorTerm term{left, linear.weight(), isTransposed};
    term.quantisedRight = linear.quantised();
    term.isInt8 = linear.isMultipliedInInt8();
    return term;
}

} // namespace

ProjectionGroup::ProjectionGroup(const LayerWeights& weights, const LayerLora& lora,
                                 const PassContext& context, const std::vector<TokenPlace>& places,
                                 std::int64_t layer, LayerInput input,
                                 std::initializer_list<Projection> projections)
    : m_weights(weights)
    , m_lora(lora)
    , m_context(context)
    , m_places(places)
    , m_layer(layer)
    , m_input(input) {
    for (const Projection projection : projections) {
        const at::Tensor& a = lora[static_cast<std::size_t>(projection)].a;
        m_members.push_back({projection, m_rank, a.defined() ? a.size(0) : 0});
        m_rank += m_members.back().r;
    }
}

GroupKept ProjectionGroup::takeKept(std::int64_t rows, std::int64_t width) const {
    Workspace& workspace = *m_context.workspace;
    GroupKept kept;
    kept.low = workspace.take({rows, m_rank}, m_weights.input_layernorm.scalar_type());
    if (m_rank > 0 && m_context.dropout != nullptr && m_context.dropout->probability > 0.0)
        kept.keep = workspace.take({rows, keepBytes(width)}, at::kByte);
    return kept;
}

KeepBits ProjectionGroup::keepBits(const GroupKept& kept) const {
    if (!kept.keep.defined()) return {};
    return {elements<std::uint8_t>(kept.keep), kept.keep.size(1),
            dropoutMask(*m_context.dropout, m_layer, m_input).kept};
}

at::Tensor ProjectionGroup::stackedA(at::ScalarType type) const {
    at::Tensor stacked;
    for (const Member& member : m_members) {
        if (member.r == 0) continue;
        const at::Tensor& a = matricesOf(member).a;
        if (!stacked.defined()) stacked = m_context.workspace->take({m_rank, a.size(1)}, type);
        roundInto(a, stacked.narrow(0, member.offset, member.r));
    }
    return stacked;
}

at::Tensor ProjectionGroup::matrixB(const Member& member, at::ScalarType type) const {
    const at::Tensor& b = matricesOf(member).b;
    const at::Tensor rounded = m_context.workspace->take(b.sizes(), type);
    roundInto(b, rounded);
    return rounded;
}

void ProjectionGroup::lowInto(const at::Tensor& x, const GroupKept& kept) const {
    if (m_rank == 0) return;
    const WorkspaceScope scope(*m_context.workspace);
    if (kept.keep.defined())
        drawKeepBitsInto(m_places, dropoutMask(*m_context.dropout, m_layer, m_input), x.size(1), kept.keep);
    TensorTerm term{x, stackedA(x.scalar_type()), /*rightIsTransposed=*/true};
    term.leftKeep = keepBits(kept);
    productInto({&term, 1}, kept.low, work());
}

void ProjectionGroup::forward(const at::Tensor& x, std::span<const at::Tensor> outs, const GroupKept& kept,
                              const at::Tensor& addend) const {
    const WorkspaceScope scope(*m_context.workspace);
    const at::ScalarType type = x.scalar_type();
    lowInto(x, kept);
    for (std::size_t i = 0; i < m_members.size(); ++i) {
        const Member& member = m_members[i];
        const FrozenLinear& weight = m_weights.of(member.projection);
        TensorTerm base = frozenTerm(x, weight, /*isTransposed=*/true);
        base.isLeftThere =
            i > 0 && base.isInt8 && m_weights.of(m_members[i - 1].projection).isMultipliedInInt8();
        if (member.r == 0) {
            productInto({&base, 1}, outs[i], work(), weight.bias(), addend);
        } else {
            const TensorTerm adapter{kept.low.narrow(1, member.offset, member.r), matrixB(member, type),
                                     /*rightIsTransposed=*/true, scalingOf(member)};
            productInto(std::array{adapter, base}, outs[i], work(), weight.bias(), addend);
        }
        if (const at::Tensor& bias = matricesOf(member).bias; bias.defined()) {
            at::Tensor out = outs[i];
            out.add_(bias.to(type) - weight.bias(), m_context.loraScale);
        }
    }
}

void ProjectionGroup::gradientsOfB(std::span<const at::Tensor> douts, const GroupKept& kept,
                                   LayerLora& gradients) const {
    Workspace& workspace = *m_context.workspace;
    const WorkspaceScope scope(workspace);
    const at::Tensor low = workspace.take({m_rank, kept.low.size(0)}, kept.low.scalar_type());
    transposeInto(kept.low, low);
    for (std::size_t i = 0; i < m_members.size(); ++i) {
        const Member& member = m_members[i];
        if (member.r == 0) continue;
        const at::Tensor sums = workspace.take({member.r, douts[i].size(1)}, at::kFloat).zero_();
        addProductTo(sums, {low.narrow(0, member.offset, member.r), douts[i], false, scalingOf(member)},
                     work());
        const at::Tensor turned = workspace.take({douts[i].size(1), member.r}, at::kFloat);
        transposeInto(sums, turned);
        addInto(gradients[static_cast<std::size_t>(member.projection)].b, turned);
    }
}

void ProjectionGroup::gradientsOfA(const at::Tensor& x, const at::Tensor& dlow, const GroupKept& kept,
                                   LayerLora& gradients) const {
    Workspace& workspace = *m_context.workspace;
    const WorkspaceScope scope(workspace);
    const at::Tensor turned = workspace.take({m_rank, dlow.size(0)}, dlow.scalar_type());
    transposeInto(dlow, turned);
    const at::Tensor sums = workspace.take({m_rank, x.size(1)}, at::kFloat).zero_();
    TensorTerm term{turned, x};
    term.rightKeep = keepBits(kept);
    addProductTo(sums, term, work());
    for (const Member& member : m_members)
        if (member.r > 0)
            addInto(gradients[static_cast<std::size_t>(member.projection)].a,
                    sums.narrow(0, member.offset, member.r));
}

void ProjectionGroup::inputGradient(std::span<const at::Tensor> douts, const at::Tensor& dlow,
                                    const GroupKept& kept, const at::Tensor& dx) const {
    std::vector<TensorTerm> terms;
    if (m_rank > 0) {
        terms.push_back({dlow, stackedA(dx.scalar_type())});
        terms.back().sumKeep = keepBits(kept);
    }
    for (std::size_t i = 0; i < m_members.size(); ++i)
        terms.push_back(frozenTerm(douts[i], m_weights.of(m_members[i].projection), /*isTransposed=*/false));
    productInto(terms, dx, work());
}

void ProjectionGroup::backward(const at::Tensor& x, std::span<const at::Tensor> douts, const GroupKept& kept,
                               LayerLora& gradients, const at::Tensor& dx) const {
    Workspace& workspace = *m_context.workspace;
    const WorkspaceScope scope(workspace);
    const at::ScalarType type = x.scalar_type();
    const at::Tensor dlow = workspace.take({x.size(0), m_rank}, type);
    for (std::size_t i = 0; i < m_members.size(); ++i) {
        const Member& member = m_members[i];
        if (member.r == 0) continue;
        const WorkspaceScope inner(workspace);
        const TensorTerm term{douts[i], matrixB(member, type), false, scalingOf(member)};
        productInto({&term, 1}, dlow.narrow(1, member.offset, member.r), work());
    }
    if (m_rank > 0) {
        gradientsOfB(douts, kept, gradients);
        gradientsOfA(x, dlow, kept, gradients);
    }
    if (dx.defined()) inputGradient(douts, dlow, kept, dx);
}

} // namespace llamahome::engine
