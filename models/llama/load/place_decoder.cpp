#include "llama/load/place_decoder.h"

#include <cassert>

#include <ATen/core/grad_mode.h>

#include "llama/nn/plain_layer.h"

namespace llamahome::engine {
namespace {

LayerWeights copied(const LayerWeights& weights, at::Device device) {
    LayerWeights copy;
    copy.input_layernorm = weights.input_layernorm.to(device);
    copy.post_attention_layernorm = weights.post_attention_layernorm.to(device);
    for (const Projection projection : kProjections)
        copy.projections[static_cast<std::size_t>(projection)] = weights.of(projection).on(device);
    return copy;
}

} // namespace

std::unique_ptr<Decoder> placeDecoder(const Decoder& decoder, const Placement& placement) {
    assert(placement.layers >= 0 && placement.layers <= decoder.layerCount());
    const c10::AutoGradMode silent(false);
    const std::int64_t first = decoder.layerCount() - placement.layers;
    std::vector<std::unique_ptr<DecoderLayer>> layers;
    for (std::int64_t i = 0; i < decoder.layerCount(); ++i) {
        const LayerWeights& weights = decoder.layer(i).weights();
        layers.push_back(
            std::make_unique<PlainLayer>(i, i < first ? weights : copied(weights, placement.device)));
    }
    OuterWeights outer = decoder.outer();
    if (placement.layers > 0) {
        outer.norm = outer.norm.to(placement.device);
        outer.lm_head = outer.lm_head.to(placement.device);
    }
    return std::make_unique<Decoder>(decoder.config(), std::move(outer), std::move(layers), decoder.storage(),
                                     LayerPath::Plain);
}

} // namespace llamahome::engine
