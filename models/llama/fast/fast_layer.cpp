#include "llama/fast/fast_layer.h"

#include <tuple>

#include "llama/fast/fast_attention.h"
#include "llama/fast/row_work.h"

namespace llamahome::engine {
namespace {

AttentionShape attentionShape(const PassContext& context) {
    const formats::ModelConfig& config = context.config;
    const std::int64_t tokens = context.batch.tokenCount();
    const std::int64_t keyTokens = context.cache != nullptr ? context.cache->headTokens() : tokens;
    return {tokens, keyTokens, config.num_key_value_heads,
            config.num_attention_heads / config.num_key_value_heads, config.head_dim};
}

at::Tensor takeHeads(Workspace& workspace, const HeadShape& shape, at::ScalarType type) {
    return workspace.take({shape.groups, shape.tokens * shape.perGroup, shape.headDim}, type);
}

enum class Move { Scatter, Gather };

/// Scatter: rows of heads → head-major from token `first` on, with a table rotated on the way. Gather: back,
/// rotated back.
void moveHeads(Move move, const HeadShape& shape, const at::Tensor& rows, const HalfRopeTable* rope,
               const at::Tensor& heads, std::int64_t first = 0) {
    const float* const cos = rope != nullptr ? elements<float>(rope->cos) : nullptr;
    const float* const sin = rope != nullptr ? elements<float>(rope->sin) : nullptr;
    const std::int64_t width = rows.size(1);
    withElements(rows, [&](auto type) {
        using T = decltype(type);
        const RowKernels<T>& kernels = rowKernels<T>();
        T* const place = elements<T>(heads) + first * shape.perGroup * shape.headDim;
        overRows(rows.size(0), width, [&](std::int64_t begin, std::int64_t end) {
            if (move == Move::Scatter)
                kernels.scatterHeads(begin, end, shape, elements<T>(rows), width, cos, sin, place);
            else
                kernels.gatherHeads(begin, end, shape, place, cos, sin, elements<T>(rows), width);
        });
    });
}

} // namespace

bool FastLayer::isTrimmed(const PassContext& context) const {
    return m_index + 1 == context.config.num_hidden_layers &&
           context.batch.targetCount() < context.batch.tokenCount();
}

FastLayer::Groups FastLayer::groups(const PassContext& context, const LayerLora& lora) const {
    const Batch& batch = context.batch;
    const std::vector<TokenPlace>& behind = isTrimmed(context) ? batch.predictorPlaces : batch.places;
    const auto group = [&](const std::vector<TokenPlace>& places, LayerInput input,
                           std::initializer_list<Projection> projections) {
        return ProjectionGroup(m_weights, lora, context, places, m_index, input, projections);
    };
    return {group(batch.places, LayerInput::Attention, {Projection::Q, Projection::K, Projection::V}),
            group(behind, LayerInput::Output, {Projection::O}),
            group(behind, LayerInput::Mlp, {Projection::Gate, Projection::Up}),
            group(behind, LayerInput::Down, {Projection::Down})};
}

FastLayer::Kept FastLayer::takeKept(const PassContext& context, const Groups& groups) const {
    Workspace& workspace = *context.workspace;
    const formats::ModelConfig& config = context.config;
    const AttentionShape shape = attentionShape(context);
    const std::int64_t tokens = shape.tokens;
    const std::int64_t rows = isTrimmed(context) ? context.batch.targetCount() : tokens;
    const at::ScalarType type = m_weights.input_layernorm.scalar_type();
    Kept kept;
    kept.inverseRmsIn = workspace.take({tokens}, at::kFloat);
    kept.q = takeHeads(workspace, shape.queries(), type);
    if (context.cache != nullptr) {
        std::tie(kept.k, kept.v) = context.cache->space(m_index);
    } else {
        kept.k = takeHeads(workspace, shape.keys(), type);
        kept.v = takeHeads(workspace, shape.keys(), type);
    }
    kept.softmaxRows = takeSoftmaxRows(shape, workspace);
    kept.attended = workspace.take({rows, config.num_attention_heads * config.head_dim}, type);
    kept.middle = workspace.take({rows, config.hidden_size}, type);
    kept.inverseRmsMid = workspace.take({rows}, at::kFloat);
    kept.gate = workspace.take({rows, config.intermediate_size}, type);
    kept.up = workspace.take({rows, config.intermediate_size}, type);
    kept.attention = groups.attention.takeKept(tokens, config.hidden_size);
    kept.output = groups.output.takeKept(rows, kept.attended.size(1));
    kept.mlp = groups.mlp.takeKept(rows, config.hidden_size);
    kept.down = groups.down.takeKept(rows, config.intermediate_size);
    return kept;
}

void FastLayer::attentionForward(const at::Tensor& x, const PassContext& context, const Groups& groups,
                                 const Kept& kept) const {
    Workspace& workspace = *context.workspace;
    const WorkspaceScope scope(workspace);
    const AttentionShape shape = attentionShape(context);
    const at::ScalarType type = x.scalar_type();
    const std::int64_t keyWidth = shape.keyHeads * shape.headDim;
    const std::int64_t keysBefore = context.cache != nullptr ? context.cache->length() : 0;
    {
        const WorkspaceScope inner(workspace);
        const at::Tensor normed = workspace.take(x.sizes(), type);
        rmsNormInto(x, m_weights.input_layernorm, context.config.rms_norm_eps, normed, kept.inverseRmsIn);
        const at::Tensor q = workspace.take({shape.tokens, kept.attended.size(1)}, type);
        const at::Tensor k = workspace.take({shape.tokens, keyWidth}, type);
        const at::Tensor v = workspace.take({shape.tokens, keyWidth}, type);
        groups.attention.forward(normed, std::array{q, k, v}, kept.attention);
        moveHeads(Move::Scatter, shape.queries(), q, &context.halfRope, kept.q);
        moveHeads(Move::Scatter, shape.keys(), k, &context.halfRope, kept.k, keysBefore);
        moveHeads(Move::Scatter, shape.keys(), v, nullptr, kept.v, keysBefore);
    }
    const at::Tensor out = takeHeads(workspace, shape.queries(), type);
    attentionInto(shape, {kept.q, kept.k, kept.v}, context.batch.cu_seqlens, keysBefore, out,
                  kept.softmaxRows, context.products, workspace);
    if (!isTrimmed(context)) {
        moveHeads(Move::Gather, shape.queries(), kept.attended, nullptr, out);
        groups.output.forward(kept.attended, std::array{kept.middle}, kept.output, x);
        return;
    }
    const at::Tensor attended = workspace.take({shape.tokens, kept.attended.size(1)}, type);
    const at::Tensor residual = workspace.take(kept.middle.sizes(), type);
    moveHeads(Move::Gather, shape.queries(), attended, nullptr, out);
    gatherRowsInto(attended, context.batch.predictors, kept.attended);
    gatherRowsInto(x, context.batch.predictors, residual);
    groups.output.forward(kept.attended, std::array{kept.middle}, kept.output, residual);
}

void FastLayer::gateUpForward(const PassContext& context, const Groups& groups, const Kept& kept) const {
    Workspace& workspace = *context.workspace;
    const WorkspaceScope scope(workspace);
    const at::Tensor normed = workspace.take(kept.middle.sizes(), kept.middle.scalar_type());
    rmsNormInto(kept.middle, m_weights.post_attention_layernorm, context.config.rms_norm_eps, normed,
                kept.inverseRmsMid);
    groups.mlp.forward(normed, std::array{kept.gate, kept.up}, kept.mlp);
}

void FastLayer::downForward(const PassContext& context, const Groups& groups, const Kept& kept,
                            const at::Tensor& y) const {
    Workspace& workspace = *context.workspace;
    const WorkspaceScope scope(workspace);
    const at::Tensor activated = workspace.take(kept.gate.sizes(), y.scalar_type());
    swigluInto(kept.gate, kept.up, activated);
    groups.down.forward(activated, std::array{y}, kept.down, kept.middle);
}

at::Tensor FastLayer::infer(const at::Tensor& x, const PassContext& context, const LayerLora& lora) const {
    if (context.workspace == nullptr) return m_plain.infer(x, context, lora);
    LayerSave nothing;
    return forward(x, context, lora, nothing, /*recompute=*/true);
}

at::Tensor FastLayer::forward(const at::Tensor& x, const PassContext& context, const LayerLora& lora,
                              LayerSave& save, bool recompute) const {
    Workspace& workspace = *context.workspace;
    save.input = x;
    save.mark = workspace.mark();
    const std::int64_t rows = isTrimmed(context) ? context.batch.targetCount() : x.size(0);
    const at::Tensor y = workspace.take({rows, x.size(1)}, x.scalar_type());
    const Groups all = groups(context, lora);
    const std::size_t afterResult = workspace.mark();
    auto kept = std::make_unique<Kept>(takeKept(context, all));
    attentionForward(x, context, all, *kept);
    gateUpForward(context, all, *kept);
    downForward(context, all, *kept, y);
    kept->isDownMade = true;
    if (recompute)
        workspace.release(afterResult);
    else
        save.kept = std::move(kept);
    return y;
}

void FastLayer::mlpBackward(const at::Tensor& dy, const PassContext& context, const Groups& groups,
                            const Kept& kept, LayerLora& gradients, bool isNeededBelow) const {
    Workspace& workspace = *context.workspace;
    const WorkspaceScope scope(workspace);
    const at::ScalarType type = dy.scalar_type();
    const bool isNeeded = isNeededBelow || groups.mlp.rank() > 0;
    {
        const WorkspaceScope inner(workspace);
        const at::Tensor activated = workspace.take(kept.gate.sizes(), type);
        swigluInto(kept.gate, kept.up, activated);
        if (!kept.isDownMade) groups.down.lowInto(activated, kept.down);
        const at::Tensor dactivated = isNeeded ? workspace.take(kept.gate.sizes(), type) : at::Tensor();
        groups.down.backward(activated, std::array{dy}, kept.down, gradients, dactivated);
        if (!isNeeded) return;
        swigluBackwardInPlace(dactivated, kept.gate, kept.up);
    }
    const at::Tensor normed = workspace.take(dy.sizes(), type);
    const at::Tensor dnormed = isNeededBelow ? workspace.take(dy.sizes(), type) : at::Tensor();
    rmsNormInto(kept.middle, m_weights.post_attention_layernorm, context.config.rms_norm_eps, normed,
                kept.inverseRmsMid);
    groups.mlp.backward(normed, std::array{kept.gate, kept.up}, kept.mlp, gradients, dnormed);
    if (isNeededBelow)
        rmsNormBackwardInto(dnormed, kept.middle, m_weights.post_attention_layernorm, kept.inverseRmsMid, dy);
}

at::Tensor FastLayer::expanded(const at::Tensor& rows, const PassContext& context) const {
    if (!isTrimmed(context)) return rows;
    const at::Tensor all =
        context.workspace->take({context.batch.tokenCount(), rows.size(1)}, rows.scalar_type()).zero_();
    scatterRowsInto(rows, context.batch.predictors, all);
    return all;
}

void FastLayer::attentionBackward(const at::Tensor& x, const at::Tensor& dy, const PassContext& context,
                                  const Groups& groups, const Kept& kept, LayerLora& gradients,
                                  bool needsInputGradient) const {
    Workspace& workspace = *context.workspace;
    const WorkspaceScope scope(workspace);
    const AttentionShape shape = attentionShape(context);
    const at::ScalarType type = dy.scalar_type();
    const std::int64_t queryWidth = kept.attended.size(1);
    const std::int64_t keyWidth = shape.keyHeads * shape.headDim;
    const at::Tensor dq = workspace.take({shape.tokens, queryWidth}, type);
    const at::Tensor dk = workspace.take({shape.tokens, keyWidth}, type);
    const at::Tensor dv = workspace.take({shape.tokens, keyWidth}, type);
    {
        const WorkspaceScope inner(workspace);
        const bool isNeeded = needsInputGradient || groups.attention.rank() > 0;
        const at::Tensor rowsGradient = dy.narrow(0, 0, kept.attended.size(0));
        const at::Tensor dattended = isNeeded ? workspace.take(kept.attended.sizes(), type) : at::Tensor();
        groups.output.backward(kept.attended, std::array{rowsGradient}, kept.output, gradients, dattended);
        if (!isNeeded) return;
        const at::Tensor out = takeHeads(workspace, shape.queries(), type);
        const at::Tensor dout = takeHeads(workspace, shape.queries(), type);
        {
            const WorkspaceScope moving(workspace);
            moveHeads(Move::Scatter, shape.queries(), expanded(kept.attended, context), nullptr, out);
            moveHeads(Move::Scatter, shape.queries(), expanded(dattended, context), nullptr, dout);
        }
        const AttentionInput gradient{takeHeads(workspace, shape.queries(), type),
                                      takeHeads(workspace, shape.keys(), type),
                                      takeHeads(workspace, shape.keys(), type)};
        attentionBackwardInto(shape, {kept.q, kept.k, kept.v}, context.batch.cu_seqlens, out,
                              kept.softmaxRows, dout, gradient, context.products, workspace);
        moveHeads(Move::Gather, shape.queries(), dq, &context.halfRope, gradient.q);
        moveHeads(Move::Gather, shape.keys(), dk, &context.halfRope, gradient.k);
        moveHeads(Move::Gather, shape.keys(), dv, nullptr, gradient.v);
    }
    const at::Tensor normed = workspace.take(x.sizes(), type);
    rmsNormInto(x, m_weights.input_layernorm, context.config.rms_norm_eps, normed, kept.inverseRmsIn);
    const at::Tensor dnormed = needsInputGradient ? workspace.take(x.sizes(), type) : at::Tensor();
    groups.attention.backward(normed, std::array{dq, dk, dv}, kept.attention, gradients, dnormed);
    if (!needsInputGradient) return;
    if (isTrimmed(context)) {
        at::Tensor all = dy;
        all.copy_(expanded(dy.narrow(0, 0, kept.attended.size(0)), context));
    }
    rmsNormBackwardInto(dnormed, x, m_weights.input_layernorm, kept.inverseRmsIn, dy);
}

at::Tensor FastLayer::backward(const at::Tensor& dy, const PassContext& context, const LayerLora& lora,
                               LayerSave& save, LayerLora& gradients, bool needsInputGradient) const {
    Workspace& workspace = *context.workspace;
    const Groups all = groups(context, lora);
    if (save.kept == nullptr) {
        auto again = std::make_unique<Kept>(takeKept(context, all));
        attentionForward(save.input, context, all, *again);
        gateUpForward(context, all, *again);
        save.kept = std::move(again);
    }
    const Kept& kept = static_cast<const Kept&>(*save.kept);
    const bool needsAttention = needsInputGradient || all.attention.rank() > 0 || all.output.rank() > 0;
    mlpBackward(dy.narrow(0, 0, kept.middle.size(0)), context, all, kept, gradients, needsAttention);
    if (needsAttention) attentionBackward(save.input, dy, context, all, kept, gradients, needsInputGradient);
    workspace.release(save.mark);
    save = {};
    return needsInputGradient ? dy : at::Tensor();
}

} // namespace llamahome::engine
