#include "llama/fast/projection_group.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>

#include "llama/fast/row_work.h"

namespace llamahome::engine {

ProjectionGroup::ProjectionGroup(const LayerWeights& weights, const LayerLora& lora,
                                 const PassContext& context, std::int64_t layer, LayerInput input,
                                 std::initializer_list<Projection> projections)
    : m_weights(weights)
    , m_lora(lora)
    , m_context(context)
    , m_layer(layer)
    , m_input(input) {
    for (const Projection projection : projections) {
        const at::Tensor& a = lora[static_cast<std::size_t>(projection)].a;
        m_members.push_back({projection, m_rank, a.defined() ? a.size(0) : 0});
        m_rank += m_members.back().r;
    }
}

at::Tensor ProjectionGroup::stackedA(at::ScalarType type) const {
    at::Tensor stacked;
    for (const Member& member : m_members) {
        if (member.r == 0) continue;
        const at::Tensor& a = matricesOf(member).a;
        if (!stacked.defined()) stacked = m_context.workspace->take({m_rank, a.size(1)}, type);
        stacked.narrow(0, member.offset, member.r).copy_(a);
    }
    return stacked;
}

at::Tensor ProjectionGroup::matrixB(const Member& member, at::ScalarType type) const {
    const at::Tensor& b = matricesOf(member).b;
    return m_context.workspace->take(b.sizes(), type).copy_(b);
}

bool ProjectionGroup::drops() const {
    return m_context.dropout != nullptr && m_context.dropout->probability > 0.0;
}

void ProjectionGroup::dropInto(const at::Tensor& x, const at::Tensor& out) const {
    dropRowsInto(x, m_context.batch.places, dropoutMask(*m_context.dropout, m_layer, m_input), out);
}

at::Tensor ProjectionGroup::dropped(const at::Tensor& x) const {
    if (!drops()) return x;
    const at::Tensor out = m_context.workspace->take(x.sizes(), x.scalar_type());
    dropInto(x, out);
    return out;
}

void ProjectionGroup::forward(const at::Tensor& x, std::span<const at::Tensor> outs,
                              const at::Tensor& low) const {
    const WorkspaceScope scope(*m_context.workspace);
    for (std::size_t i = 0; i < m_members.size(); ++i) {
        const FrozenLinear& weight = m_weights.of(m_members[i].projection);
        weight.forwardInto(x, outs[i], m_context.products);
        const at::Tensor& bias = matricesOf(m_members[i]).bias;
        at::Tensor out = outs[i];
        if (bias.defined()) out.add_(bias.to(x.scalar_type()) - weight.bias(), m_context.loraScale);
    }
    if (m_rank == 0) return;
    at::Tensor lowOut = low;
    at::mm_out(lowOut, dropped(x), stackedA(x.scalar_type()).t());
    for (std::size_t i = 0; i < m_members.size(); ++i) {
        const Member& member = m_members[i];
        if (member.r == 0) continue;
        at::Tensor out = outs[i];
        out.addmm_(low.narrow(1, member.offset, member.r), matrixB(member, x.scalar_type()).t(), 1.0,
                   scalingOf(member));
    }
}

void ProjectionGroup::backward(const at::Tensor& x, std::span<const at::Tensor> douts, const at::Tensor& low,
                               LayerLora& gradients, const at::Tensor& dx) const {
    Workspace& workspace = *m_context.workspace;
    const WorkspaceScope scope(workspace);
    const at::ScalarType type = x.scalar_type();
    if (dx.defined()) {
        for (std::size_t i = 0; i < m_members.size(); ++i) {
            m_weights.of(m_members[i].projection)
                .backwardInputInto(douts[i], dx, /*adds=*/i > 0, m_context.products);
        }
    }
    if (m_rank == 0) return;
    at::Tensor dlow = workspace.take({x.size(0), m_rank}, type);
    for (std::size_t i = 0; i < m_members.size(); ++i) {
        const Member& member = m_members[i];
        if (member.r == 0) continue;
        at::Tensor part = dlow.narrow(1, member.offset, member.r);
        at::addmm_out(part, part, douts[i], matrixB(member, type), 0.0, scalingOf(member));
        at::Tensor db = workspace.take({douts[i].size(1), member.r}, type);
        at::mm_out(db, douts[i].t(), low.narrow(1, member.offset, member.r));
        gradients[static_cast<std::size_t>(member.projection)].b.add_(db, scalingOf(member));
    }
    at::Tensor da = workspace.take({m_rank, x.size(1)}, type);
    at::mm_out(da, dlow.t(), dropped(x));
    for (const Member& member : m_members)
        if (member.r > 0)
            gradients[static_cast<std::size_t>(member.projection)].a.add_(
                da.narrow(0, member.offset, member.r));
    if (!dx.defined()) return;
    at::Tensor target = dx;
    const at::Tensor a = stackedA(type);
    if (!drops()) {
        target.addmm_(dlow, a);
        return;
    }
    at::Tensor branch = workspace.take(dx.sizes(), type);
    at::mm_out(branch, dlow, a);
    dropInto(branch, branch);
    target.add_(branch);
}

} // namespace llamahome::engine
