#include "llama/train/workspace_plan.h"

#include <algorithm>

#include "llama/kernels/attention_kernels.h"
#include "llama/kernels/product_kernels.h"
#include "llama/nn/pass_shapes.h"

namespace llamahome::engine {
namespace {

constexpr std::uint64_t kFloatBytes = 4;

std::uint64_t unsignedOf(std::int64_t value) {
    return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

std::uint64_t attentionScratch(const formats::ModelConfig& config, const WorkspaceShape& shape,
                               bool isBackward) {
    const std::int64_t perKeyHead = config.num_attention_heads / config.num_key_value_heads;
    const auto bytes = [&](const auto& kernels) {
        return isBackward ? kernels.backwardScratch(config.head_dim, perKeyHead, shape.longestRow)
                          : kernels.forwardScratch(config.head_dim, perKeyHead, shape.longestRow);
    };
    const std::size_t each = shape.elementBytes == sizeof(float) ? bytes(attentionKernels<float>())
                                                                 : bytes(attentionKernels<Bfloat16>());
    return each * unsignedOf(shape.threads);
}

class Pass {
public:
    Pass(const formats::ModelConfig& config, const LoraPlan& plan, const WorkspaceShape& shape)
        : m_config(config)
        , m_shape(shape)
        , m_hidden(unsignedOf(config.hidden_size))
        , m_queries(unsignedOf(config.num_attention_heads * config.head_dim))
        , m_keys(unsignedOf(config.num_key_value_heads * config.head_dim))
        , m_inner(unsignedOf(config.intermediate_size))
        , m_layers(unsignedOf(config.num_hidden_layers - plan.lowestLayer))
        , m_tokens(unsignedOf(shape.tokens))
        , m_element(shape.elementBytes)
        , m_room(productRoomBytes(shape.elementBytes, deepestProduct(config, &plan), shape.threads,
                                  shape.int8Products ? shape.tokens : 0)) {
        for (const LoraSlot& slot : plan.slots) {
            const bool isBefore = slot.projection == Projection::Q || slot.projection == Projection::K ||
                                  slot.projection == Projection::V;
            (isBefore ? m_ranksBefore : m_ranksBehind) += unsignedOf(slot.r);
        }
        const std::uint64_t layers = std::max<std::uint64_t>(1, m_layers);
        m_ranksBefore /= layers;
        m_ranksBehind /= layers;
        m_ranks = m_ranksBefore + m_ranksBehind;
        m_parts = unsignedOf(attentionParts(std::max<std::int64_t>(1, shape.tokens / shape.longestRow),
                                            config.num_key_value_heads));
        if (!shape.drops) return;
        m_keepBefore = keptBitsOf(plan, {Projection::Q, Projection::K, Projection::V}, m_hidden);
        m_keepBehind = keptBitsOf(plan, {Projection::O}, m_queries) +
                       keptBitsOf(plan, {Projection::Gate, Projection::Up}, m_hidden) +
                       keptBitsOf(plan, {Projection::Down}, m_inner);
    }

    std::uint64_t peak() const {
        const std::uint64_t targets = unsignedOf(m_shape.targets);
        const std::uint64_t angles = 2 * m_tokens * unsignedOf(m_config.head_dim / 2) * kFloatBytes;
        const std::uint64_t stream = rows(m_hidden);
        const std::uint64_t streams = (m_layers - 1) * stream + targets * m_hidden * m_element;
        const std::uint64_t layer =
            std::max({attentionForward(), mlpForward(), attentionBackward(), mlpBackward()});
        const std::uint64_t recomputed = std::min(unsignedOf(m_shape.recomputedLayers), m_layers);
        const std::uint64_t keeping = m_layers - recomputed;
        // At the head and in the last layer, where all is kept that ever is.
        const std::uint64_t atTop =
            keeping == 0 ? std::max(keptOf(targets) + layer, head())
                         : (keeping - 1) * keptOf(m_tokens) + keptOf(targets) + std::max(layer, head());
        // In the highest layer that is computed again and not the last: nothing is kept below it, and no
        // longer above it.
        const std::uint64_t highest = std::min(recomputed, m_layers - 1);
        const std::uint64_t below = highest == 0 ? 0 : highest * stream + keptOf(m_tokens) + layer;
        return m_room + 2 * stream + angles + std::max(streams + atTop, below); // 2: dy and x
    }

private:
    /// Activations of that width, in the compute type.
    std::uint64_t rows(std::uint64_t width) const { return m_tokens * width * m_element; }

    /// What a layer keeps that goes on with `behind` rows behind its attention.
    std::uint64_t keptOf(std::uint64_t behind) const {
        const std::uint64_t heads = unsignedOf(m_config.num_attention_heads);
        return rows(m_queries + 2 * m_keys + m_ranksBefore) +
               m_tokens * ((1 + 2 * heads) * kFloatBytes + m_keepBefore) +
               behind * ((m_hidden + m_queries + 2 * m_inner + m_ranksBehind) * m_element + kFloatBytes +
                         m_keepBehind);
    }

    /// Bytes a row of the bits that dropout keeps of an input, if the lowest adapted layer adapts any that
    /// reads it.
    static std::uint64_t keptBitsOf(const LoraPlan& plan, std::initializer_list<Projection> projections,
                                    std::uint64_t width) {
        const auto isOne = [&](const LoraSlot& slot) {
            return slot.layer == plan.lowestLayer &&
                   std::find(projections.begin(), projections.end(), slot.projection) != projections.end();
        };
        if (std::none_of(plan.slots.begin(), plan.slots.end(), isOne)) return 0;
        return unsignedOf(keepBytes(static_cast<std::int64_t>(width)));
    }

    /// A group's forward scribbles its adapters, its backward the low-rank gradients besides.
    std::uint64_t adapters(std::uint64_t widest) const { return m_ranks * (m_hidden + widest) * m_element; }
    std::uint64_t adaptersBackward(std::uint64_t widest) const {
        return rows(2 * m_ranks) + m_ranks * widest * 2 * kFloatBytes;
    }

    std::uint64_t attentionForward() const {
        const std::uint64_t projections = rows(m_hidden + m_queries + 2 * m_keys) + adapters(m_queries);
        return std::max(projections, rows(m_queries) + attentionScratch(m_config, m_shape, false));
    }
    std::uint64_t mlpForward() const { return std::max(rows(m_hidden), rows(m_inner)) + adapters(m_inner); }
    std::uint64_t mlpBackward() const {
        return std::max(rows(2 * m_inner), rows(2 * m_hidden)) + adaptersBackward(m_inner);
    }
    std::uint64_t attentionBackward() const {
        const std::uint64_t gradients = rows(m_queries + 2 * m_keys);
        const std::uint64_t sums = 2 * m_parts * m_tokens * m_keys * kFloatBytes;
        const std::uint64_t heads =
            rows(4 * m_queries + 2 * m_keys) + sums + attentionScratch(m_config, m_shape, true);
        const std::uint64_t groups = rows(std::max(m_queries, 2 * m_hidden)) + adaptersBackward(m_queries);
        return gradients + std::max(heads, groups);
    }
    std::uint64_t head() const {
        const std::uint64_t targets = unsignedOf(m_shape.targets);
        const std::uint64_t chunk = std::min(targets, unsignedOf(kHeadChunkRows));
        return (targets * m_hidden + chunk * unsignedOf(m_config.vocab_size)) * m_element +
               targets * (kFloatBytes * (1 + m_hidden) + 8);
    }

    const formats::ModelConfig& m_config;
    const WorkspaceShape& m_shape;
    std::uint64_t m_hidden, m_queries, m_keys, m_inner, m_layers, m_tokens, m_element;
    std::uint64_t m_room;
    std::uint64_t m_ranks = 0;       ///< of all projections of a layer
    std::uint64_t m_ranksBefore = 0; ///< of those that read attention's input
    std::uint64_t m_ranksBehind = 0;
    std::uint64_t m_parts = 1;
    std::uint64_t m_keepBefore = 0; ///< bytes a row
    std::uint64_t m_keepBehind = 0;
};

} // namespace

std::uint64_t workspaceBytes(const formats::ModelConfig& config, const LoraPlan& plan,
                             const WorkspaceShape& shape) {
    return Pass(config, plan, shape).peak();
}

std::optional<std::int64_t> fewestRecomputed(const formats::ModelConfig& config, const LoraPlan& plan,
                                             WorkspaceShape shape, std::uint64_t budget) {
    const std::int64_t layers = config.num_hidden_layers - plan.lowestLayer;
    for (shape.recomputedLayers = 0; shape.recomputedLayers <= layers; ++shape.recomputedLayers)
        if (workspaceBytes(config, plan, shape) <= budget) return shape.recomputedLayers;
    return std::nullopt;
}

} // namespace llamahome::engine
