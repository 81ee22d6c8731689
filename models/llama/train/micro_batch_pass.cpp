#include "llama/train/micro_batch_pass.h"

#include <ATen/core/grad_mode.h>

#include "llama/fast/fast_head.h"
#include "llama/nn/head_loss.h"

namespace llamahome::engine {

at::Tensor plainForwardBackward(const Decoder& decoder, const Batch& batch, const LoraSet& lora,
                                const TrainPass& pass, const at::Tensor& gradients) {
    const c10::AutoGradMode silent(false);
    const std::int64_t layerCount = decoder.layerCount();
    const std::int64_t lowest = lora.plan.lowestLayer;
    PassContext context = decoder.context(batch, pass.products, &lora);
    context.dropout = &pass.dropout;
    std::vector<LayerSave> saves(static_cast<std::size_t>(layerCount));
    std::vector<LayerLora> gradientViews = layerViews(lora.plan, gradients, layerCount);
    at::Tensor x = decoder.embed(batch);
    for (std::int64_t i = 0; i < layerCount; ++i) {
        const DecoderLayer& layer = decoder.layer(i);
        x = x.to(layer.device());
        x = i < lowest ? layer.infer(x, context, layerLora(&lora, i))
                       : layer.forward(x, context, layerLora(&lora, i), saves[static_cast<std::size_t>(i)],
                                       i - lowest < pass.recomputedLayers);
    }
    const HeadLoss head =
        headLoss(decoder, x, batch, pass.gradientScale, /*wantsGradient=*/true, pass.products);
    at::Tensor dy = head.hiddenGradient;
    for (std::int64_t i = layerCount - 1; i >= lowest; --i) {
        const auto slot = static_cast<std::size_t>(i);
        const DecoderLayer& layer = decoder.layer(i);
        dy = layer.backward(dy.to(layer.device()), context, layerLora(&lora, i), saves[slot],
                            gradientViews[slot], /*needsInputGradient=*/i > lowest);
    }
    return head.tokenLosses.sum();
}

double forwardBackward(const Decoder& decoder, const Batch& batch, const LoraSet& lora, const TrainPass& pass,
                       const at::Tensor& gradients) {
    if (batch.targetCount() == 0) return 0.0;
    if (decoder.path() == LayerPath::Plain)
        return plainForwardBackward(decoder, batch, lora, pass, gradients).item<double>();
    const c10::AutoGradMode silent(false);
    const WorkspaceScope scope(pass.workspace);
    const std::int64_t layerCount = decoder.layerCount();
    PassContext context = decoder.context(batch, pass.products, &lora, &pass.workspace);
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
    const double lossSum =
        fastHeadLoss(decoder, x, context, pass.gradientScale, dy.narrow(0, 0, batch.targetCount()));
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
        const at::Tensor losses =
            headLoss(decoder, hidden, batch, 1.0, /*wantsGradient=*/false, products).tokenLosses.to(at::kCPU);
        const double* const found = losses.const_data_ptr<double>();
        tokenLosses.assign(found, found + losses.numel());
        return losses.sum().item<double>();
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
