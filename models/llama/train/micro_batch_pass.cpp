#include "llama/train/micro_batch_pass.h"

#include <ATen/core/grad_mode.h>

#include "llama/nn/head_loss.h"

namespace llamahome::engine {

double forwardBackward(const Decoder& decoder, const Batch& batch, const LoraSet& lora,
                       const DropoutKey& dropout, double gradientScale, bool recompute,
                       const at::Tensor& gradients, Products& products) {
    const c10::AutoGradMode silent(false);
    const std::int64_t layerCount = decoder.layerCount();
    PassContext context = decoder.context(batch, products, &lora);
    context.dropout = &dropout;
    std::vector<LayerSave> saves(static_cast<std::size_t>(layerCount));
    std::vector<LayerLora> gradientViews = layerViews(lora.plan, gradients, layerCount);
    const std::int64_t lowest = lora.plan.lowestLayer;

    at::Tensor x = decoder.embed(batch);
    for (std::int64_t i = 0; i < layerCount; ++i) {
        const DecoderLayer& layer = decoder.layer(i);
        if (i < lowest) {
            x = layer.infer(x, context, layerLora(&lora, i));
        } else {
            x = layer.forward(x, context, layerLora(&lora, i), saves[static_cast<std::size_t>(i)], recompute);
        }
    }
    HeadLoss head = headLoss(decoder, x, batch, gradientScale, /*wantsGradient=*/true, products);
    at::Tensor dy = std::move(head.hiddenGradient);
    for (std::int64_t i = layerCount - 1; i >= lowest; --i) {
        const auto slot = static_cast<std::size_t>(i);
        dy = decoder.layer(i).backward(dy, context, layerLora(&lora, i), saves[slot], gradientViews[slot],
                                       /*needsInputGradient=*/i > lowest);
    }
    return head.lossSum;
}

double forwardLoss(const Decoder& decoder, const Batch& batch, const LoraSet* lora, Products& products) {
    const at::Tensor hidden = decoder.hidden(batch, lora, nullptr, products);
    return headLoss(decoder, hidden, batch, 1.0, /*wantsGradient=*/false, products).lossSum;
}

} // namespace llamahome::engine
