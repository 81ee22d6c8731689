#include "llama/lora/lora_set.h"

#include <ATen/ops/tensor.h>

namespace llamahome::engine {

std::vector<LayerLora> layerViews(const LoraPlan& plan, const at::Tensor& flat, std::int64_t layerCount) {
    std::vector<LayerLora> layers(static_cast<std::size_t>(layerCount));
    for (const LoraSlot& slot : plan.slots) {
        LoraMatrices& matrices =
            layers.at(static_cast<std::size_t>(slot.layer)).at(static_cast<std::size_t>(slot.projection));
        matrices.a = flat.narrow(0, slot.offsetA, slot.r * slot.inFeatures).view({slot.r, slot.inFeatures});
        matrices.b = flat.narrow(0, slot.offsetB, slot.outFeatures * slot.r).view({slot.outFeatures, slot.r});
        matrices.scaling = slot.scaling;
    }
    return layers;
}

LoraSet::LoraSet(LoraPlan lora, const std::vector<float>& parameters, std::int64_t layerCount,
                 at::Device device)
    : plan(std::move(lora))
    , flat(at::tensor(parameters, at::kFloat).to(device))
    , layers(layerViews(plan, flat, layerCount)) {}

void setBiases(LoraSet& lora, const formats::PeftAdapter& adapter) {
    for (const formats::AdapterBias& bias : adapter.biases)
        for (std::size_t layer = 0; layer < lora.layers.size(); ++layer)
            for (const Projection projection : kProjections)
                if (moduleName(static_cast<std::int64_t>(layer), projection) == bias.module)
                    lora.layers[layer].at(static_cast<std::size_t>(projection)).bias =
                        at::tensor(bias.values, at::kFloat);
}

std::vector<float> toVector(const at::Tensor& flat) {
    const at::Tensor whole = flat.cpu().contiguous();
    const float* data = whole.const_data_ptr<float>();
    return {data, data + whole.numel()};
}

} // namespace llamahome::engine
