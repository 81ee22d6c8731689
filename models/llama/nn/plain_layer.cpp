#include "llama/nn/plain_layer.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/silu.h>
#include <torch/csrc/autograd/autograd.h>

#include "llama/nn/attention.h"
#include "llama/nn/rms_norm.h"

namespace llamahome::engine {
namespace {

LoraMatrices& at(LayerLora& lora, std::size_t index) {
    return lora[index];
}

/// Leaves in a fixed order: the input, then A and B of every adapted projection.
LayerLora leavesOf(const LayerLora& lora, std::vector<at::Tensor>& leaves) {
    LayerLora result;
    for (std::size_t i = 0; i < lora.size(); ++i) {
        if (!lora[i].a.defined()) continue;
        at(result, i).a = lora[i].a.detach().requires_grad_(true);
        at(result, i).b = lora[i].b.detach().requires_grad_(true);
        at(result, i).scaling = lora[i].scaling;
        leaves.push_back(result[i].a);
        leaves.push_back(result[i].b);
    }
    return result;
}

} // namespace

at::Tensor PlainLayer::dropped(const at::Tensor& x, const PassContext& context, LayerInput input) const {
    if (context.dropout == nullptr || context.dropout->probability <= 0.0) return x;
    return applyDropout(x, context.batch, *context.dropout, m_index, input);
}

at::Tensor PlainLayer::project(Projection projection, const at::Tensor& x, const at::Tensor& droppedInput,
                               const PassContext& context, const LayerLora& lora) const {
    at::Tensor y = m_weights.of(projection).forward(x, context.products);
    const LoraMatrices& matrices = lora[static_cast<std::size_t>(projection)];
    if (matrices.bias.defined())
        y = y + (matrices.bias.to(x.device(), x.scalar_type()) - m_weights.of(projection).bias()) *
                    context.loraScale;
    if (!matrices.a.defined()) return y;
    const at::Tensor low =
        context.products.linear(droppedInput, matrices.a.to(x.device(), x.scalar_type())); // [tokens, r]
    return y + context.products.linear(low, matrices.b.to(x.device(), x.scalar_type())) *
                   (matrices.scaling * context.loraScale);
}

at::Tensor PlainLayer::attentionBlock(const at::Tensor& x, const PassContext& context,
                                      const LayerLora& lora) const {
    const auto& config = context.config;
    const std::int64_t tokens = x.size(0);
    const at::Tensor normed = rmsNorm(x, m_weights.input_layernorm, config.rms_norm_eps);
    const at::Tensor input = dropped(normed, context, LayerInput::Attention);
    const auto heads = [&](Projection projection, std::int64_t count) {
        return project(projection, normed, input, context, lora).view({tokens, count, config.head_dim});
    };
    const RopeTable& rope = context.ropeOn(x.device());
    const at::Tensor q = applyRope(heads(Projection::Q, config.num_attention_heads), rope);
    const at::Tensor k = applyRope(heads(Projection::K, config.num_key_value_heads), rope);
    const at::Tensor v = heads(Projection::V, config.num_key_value_heads);
    at::Tensor attended;
    if (context.cache != nullptr) {
        const KvCache::Context cached = context.cache->append(m_index, k.transpose(0, 1), v.transpose(0, 1));
        attended = cachedAttention(q, cached.keys, cached.values);
    } else {
        attended = rowAttention(q, k, v, context.batch.cu_seqlens);
    }
    return project(Projection::O, attended, dropped(attended, context, LayerInput::Output), context, lora);
}

at::Tensor PlainLayer::feedForwardBlock(const at::Tensor& x, const PassContext& context,
                                        const LayerLora& lora) const {
    const at::Tensor normed = rmsNorm(x, m_weights.post_attention_layernorm, context.config.rms_norm_eps);
    const at::Tensor input = dropped(normed, context, LayerInput::Mlp);
    const at::Tensor gate = project(Projection::Gate, normed, input, context, lora);
    const at::Tensor up = project(Projection::Up, normed, input, context, lora);
    const at::Tensor activated = at::silu(gate) * up; // [tokens, intermediate]
    return project(Projection::Down, activated, dropped(activated, context, LayerInput::Down), context, lora);
}

at::Tensor PlainLayer::block(const at::Tensor& x, const PassContext& context, const LayerLora& lora) const {
    const at::Tensor middle = x + attentionBlock(x, context, lora);
    return middle + feedForwardBlock(middle, context, lora);
}

at::Tensor PlainLayer::infer(const at::Tensor& x, const PassContext& context, const LayerLora& lora) const {
    return block(x, context, lora);
}

struct PlainLayer::Recorded final : LayerKept {
    at::Tensor output;              ///< with its graph
    std::vector<at::Tensor> leaves; ///< differentiable copies of input and adapter matrices
};

std::unique_ptr<PlainLayer::Recorded> PlainLayer::record(const at::Tensor& x, const PassContext& context,
                                                         const LayerLora& lora) const {
    const c10::AutoGradMode recording(true);
    auto recorded = std::make_unique<Recorded>();
    recorded->leaves = {x.detach().requires_grad_(true)};
    const LayerLora leaves = leavesOf(lora, recorded->leaves);
    recorded->output = block(recorded->leaves.front(), context, leaves);
    return recorded;
}

at::Tensor PlainLayer::forward(const at::Tensor& x, const PassContext& context, const LayerLora& lora,
                               LayerSave& save, bool recompute) const {
    save.input = x;
    if (recompute) return block(x, context, lora);
    auto recorded = record(x, context, lora);
    const at::Tensor output = recorded->output.detach();
    save.kept = std::move(recorded);
    return output;
}

at::Tensor PlainLayer::backward(const at::Tensor& dy, const PassContext& context, const LayerLora& lora,
                                LayerSave& save, LayerLora& gradients, bool needsInputGradient) const {
    if (save.kept == nullptr) save.kept = record(save.input, context, lora);
    const auto& recorded = static_cast<const Recorded&>(*save.kept);
    std::vector<at::Tensor> inputs(recorded.leaves.begin() + (needsInputGradient ? 0 : 1),
                                   recorded.leaves.end());
    if (inputs.empty()) return {};
    const auto found = torch::autograd::grad({recorded.output}, inputs, {dy});
    std::size_t next = needsInputGradient ? 1 : 0;
    for (LoraMatrices& gradient : gradients) {
        if (!gradient.a.defined()) continue;
        gradient.a.add_(found[next++]);
        gradient.b.add_(found[next++]);
    }
    save = {};
    return needsInputGradient ? found.front() : at::Tensor();
}

} // namespace llamahome::engine
