#include "llama/train/micro_batch_pass.h"

#include <ATen/core/grad_mode.h>

#include "llama/fast/fast_head.h"
#include "llama/nn/head_loss.h"

namespace llamahome::engine {

namespace {

/// The loss, and its gradient at the last layer's output into `dy`, or into as many of its first rows.
double lossAndGradient(const Decoder& decoder, const at::Tensor& x, const PassContext& context,
                       double gradientScale, const at::Tensor& dy) {
    if (decoder.path() == LayerPath::Fast)
        return fastHeadLoss(decoder, x, context, gradientScale, dy.narrow(0, 0, context.batch.targetCount()));
    HeadLoss head =
        headLoss(decoder, x, context.batch, gradientScale, /*wantsGradient=*/true, context.products);
    at::Tensor target = dy;
    target.copy_(head.hiddenGradient);
    return head.lossSum;
}

} // namespace

double forwardBackward(const Decoder& decoder, const Batch& batch, const LoraSet& lora, const TrainPass& pass,
                       const at::Tensor& gradients) {
    if (batch.targetCount() == 0) return 0.0;
    const c10::AutoGradMode silent(false);
    const WorkspaceScope scope(pass.workspace);
    const std::int64_t layerCount = decoder.layerCount();
    const bool isFast = decoder.path() == LayerPath::Fast;
    PassContext context = decoder.context(batch, pass.products, &lora, isFast ? &pass.workspace : nullptr);
    context.dropout = &pass.dropout;
    std::vector<LayerSave> saves(static_cast<std::size_t>(layerCount));
    std::vector<LayerLora> gradientViews = layerViews(lora.plan, gradients, layerCount);
    const std::int64_t lowest = lora.plan.lowestLayer;

    const std::vector<std::int64_t> shape{batch.tokenCount(), decoder.config().hidden_size};
    at::Tensor dy = pass.workspace.take(shape, decoder.dtype());
    at::Tensor x = pass.workspace.take(shape, decoder.dtype());
    decoder.embedInto(batch, x);
    for (std::int64_t i = 0; i < layerCount; ++i) {
        const DecoderLayer& layer = decoder.layer(i);
        if (i < lowest) {
            const WorkspaceScope below(pass.workspace);
            x.copy_(layer.infer(x, context, layerLora(&lora, i)));
        } else {
            x = layer.forward(x, context, layerLora(&lora, i), saves[static_cast<std::size_t>(i)],
                              i - lowest < pass.recomputedLayers);
        }
    }
    const double lossSum = lossAndGradient(decoder, x, context, pass.gradientScale, dy);
    for (std::int64_t i = layerCount - 1; i >= lowest; --i) {
        const auto slot = static_cast<std::size_t>(i);
        dy = decoder.layer(i).backward(dy, context, layerLora(&lora, i), saves[slot], gradientViews[slot],
                                       /*needsInputGradient=*/i > lowest);
    }
    return lossSum;
}

double forwardLoss(const Decoder& decoder, const Batch& batch, const LoraSet* lora, Products& products,
                   Workspace& workspace, std::vector<double>& tokenLosses) {
    tokenLosses.clear();
    if (batch.targetCount() == 0) return 0.0;
    if (decoder.path() == LayerPath::Plain) {
        const at::Tensor hidden = decoder.hidden(batch, lora, nullptr, products);
        HeadLoss head = headLoss(decoder, hidden, batch, 1.0, /*wantsGradient=*/false, products);
        tokenLosses = std::move(head.tokenLosses);
        return head.lossSum;
    }
    const c10::AutoGradMode silent(false);
    const WorkspaceScope scope(workspace);
    if (lora != nullptr && lora->userScale == 0.0) lora = nullptr;
    const PassContext context = decoder.context(batch, products, lora, &workspace);
    at::Tensor x = workspace.take({batch.tokenCount(), decoder.config().hidden_size}, decoder.dtype());
    decoder.embedInto(batch, x);
    x = decoder.inferOn(x, context, lora);
    return fastHeadLoss(decoder, x, context, 1.0, {}, &tokenLosses);
}

} // namespace llamahome::engine
