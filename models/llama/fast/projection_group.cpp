#include "llama/fast/projection_group.h"

#include <ATen/TensorOperators.h>

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

void ProjectionGroup::lowInto(const at::Tensor& x, const at::Tensor& low) const {
    if (m_rank == 0) return;
    const WorkspaceScope scope(*m_context.workspace);
    m_context.products.multiplyInto(dropped(x), stackedA(x.scalar_type()).t(), low);
}

void ProjectionGroup::forward(const at::Tensor& x, std::span<const at::Tensor> outs,
                              const at::Tensor& low) const {
    const WorkspaceScope scope(*m_context.workspace);
    lowInto(x, low);
    for (std::size_t i = 0; i < m_members.size(); ++i) {
        const Member& member = m_members[i];
        const FrozenLinear& weight = m_weights.of(member.projection);
        weight.forwardInto(x, outs[i], m_context.products);
        at::Tensor out = outs[i];
        if (const at::Tensor& bias = matricesOf(member).bias; bias.defined())
            out.add_(bias.to(x.scalar_type()) - weight.bias(), m_context.loraScale);
        if (member.r > 0)
            m_context.products.multiplyInto(low.narrow(1, member.offset, member.r),
                                            matrixB(member, x.scalar_type()).t(), out, 1.0,
                                            scalingOf(member));
    }
}

void ProjectionGroup::inputGradient(std::span<const at::Tensor> douts, const at::Tensor& dlow,
                                    const at::Tensor& dx) const {
    Workspace& workspace = *m_context.workspace;
    for (std::size_t i = 0; i < m_members.size(); ++i)
        m_weights.of(m_members[i].projection)
            .backwardInputInto(douts[i], dx, /*adds=*/i > 0, m_context.products);
    if (m_rank == 0) return;
    const at::Tensor a = stackedA(dx.scalar_type());
    if (!drops()) {
        m_context.products.multiplyInto(dlow, a, dx, 1.0);
        return;
    }
    const at::Tensor branch = workspace.take(dx.sizes(), dx.scalar_type());
    m_context.products.multiplyInto(dlow, a, branch);
    dropInto(branch, branch);
    at::Tensor target = dx;
    target.add_(branch);
}

void ProjectionGroup::backward(const at::Tensor& x, std::span<const at::Tensor> douts, const at::Tensor& low,
                               LayerLora& gradients, const at::Tensor& dx) const {
    Workspace& workspace = *m_context.workspace;
    const WorkspaceScope scope(workspace);
    const at::ScalarType type = x.scalar_type();
    const at::Tensor dlow = workspace.take({x.size(0), m_rank}, type);
    for (std::size_t i = 0; i < m_members.size(); ++i) {
        const Member& member = m_members[i];
        if (member.r == 0) continue;
        m_context.products.multiplyInto(douts[i], matrixB(member, type),
                                        dlow.narrow(1, member.offset, member.r), 0.0, scalingOf(member));
        const at::Tensor db = workspace.take({douts[i].size(1), member.r}, type);
        m_context.products.multiplyInto(douts[i].t(), low.narrow(1, member.offset, member.r), db);
        addScaledInto(gradients[static_cast<std::size_t>(member.projection)].b, db, scalingOf(member));
    }
    if (m_rank > 0) {
        const at::Tensor da = workspace.take({m_rank, x.size(1)}, type);
        m_context.products.multiplyInto(dlow.t(), dropped(x), da);
        for (const Member& member : m_members)
            if (member.r > 0)
                addScaledInto(gradients[static_cast<std::size_t>(member.projection)].a,
                              da.narrow(0, member.offset, member.r), 1.0);
    }
    if (dx.defined()) inputGradient(douts, dlow, dx);
}

} // namespace llamahome::engine
