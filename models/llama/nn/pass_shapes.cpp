#include "llama/nn/pass_shapes.h"

#include <algorithm>
#include <vector>

namespace llamahome::engine {

std::int64_t deepestProduct(const formats::ModelConfig& config, const LoraPlan* plan) {
    std::int64_t ranks = 0; // of all projections of a layer: more than any input's
    if (plan != nullptr) {
        std::vector<std::int64_t> ofLayer(static_cast<std::size_t>(plan->layerCount));
        for (const LoraSlot& slot : plan->slots)
            ranks = std::max(ranks, ofLayer[static_cast<std::size_t>(slot.layer)] += slot.r);
    }
    const std::int64_t queries = config.num_attention_heads * config.head_dim;
    const std::int64_t keys = config.num_key_value_heads * config.head_dim;
    return std::max({ranks + 2 * config.intermediate_size, ranks + queries + 2 * keys,
                     ranks + config.hidden_size, kProductSliceDepth});
}

std::int64_t attentionParts(std::int64_t sequences, std::int64_t keyHeads) {
    constexpr std::int64_t kShares = 12;
    constexpr std::int64_t kMost = 4;
    const std::int64_t units = sequences * keyHeads;
    return std::min((kShares + units - 1) / units, kMost);
}

} // namespace llamahome::engine
