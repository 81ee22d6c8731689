#include "llama/train/workspace_plan.h"

#include <algorithm>

namespace llamahome::engine {
namespace {

constexpr std::uint64_t kFloatBytes = 4;

std::uint64_t unsignedOf(std::int64_t value) {
    return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

class Pass {
public:
    Pass(const formats::ModelConfig& config, const LoraPlan& plan, const WorkspaceShape& shape)
        : m_hidden(unsignedOf(config.hidden_size))
        , m_queries(unsignedOf(config.num_attention_heads * config.head_dim))
        , m_keys(unsignedOf(config.num_key_value_heads * config.head_dim))
        , m_heads(unsignedOf(config.num_attention_heads))
        , m_inner(unsignedOf(config.intermediate_size))
        , m_vocabulary(unsignedOf(config.vocab_size))
        , m_layers(unsignedOf(config.num_hidden_layers - plan.lowestLayer))
        , m_tokens(unsignedOf(shape.tokens))
        , m_element(shape.elementBytes)
        , m_drops(shape.drops ? 1 : 0)
        , m_shape(shape) {
        for (const LoraSlot& slot : plan.slots)
            if (slot.projection != Projection::Down) m_lowElements += unsignedOf(slot.r);
        m_lowElements /= std::max<std::uint64_t>(1, m_layers);
        m_angles = 2 * m_tokens * unsignedOf(config.head_dim / 2) * kFloatBytes;
    }

    std::uint64_t peak() const {
        const std::uint64_t stream = rows(m_hidden);
        const std::uint64_t kept = rows(m_hidden + 2 * m_queries + 2 * m_keys + 2 * m_inner + m_lowElements) +
                                   m_tokens * (2 + 2 * m_heads) * kFloatBytes;
        const std::uint64_t layer =
            std::max({attentionForward(), mlpForward(), attentionBackward(), mlpBackward()});
        const std::uint64_t held =
            m_shape.recompute ? std::max(kept + layer, head()) : m_layers * kept + std::max(layer, head());
        return 2 * stream + m_angles + m_layers * stream + held; // dy, x, and what every layer gives
    }

private:
    /// Activations of that width, in the compute type.
    std::uint64_t rows(std::uint64_t width) const { return m_tokens * width * m_element; }

    /// Packed q, k, v and one block of scores.
    std::uint64_t block() const {
        const auto queries = unsignedOf(std::min(kAttentionBlockTokens, m_shape.longestRow));
        const std::uint64_t seen = unsignedOf(m_shape.longestRow);
        return (queries * m_queries + 2 * seen * m_keys + queries * m_heads * seen) * m_element;
    }
    std::uint64_t blockBackward() const {
        const auto queries = unsignedOf(std::min(kAttentionBlockTokens, m_shape.longestRow));
        const std::uint64_t seen = unsignedOf(m_shape.longestRow);
        return block() + (queries * m_queries + queries * m_heads * seen + seen * m_keys) * m_element;
    }

    std::uint64_t attentionForward() const {
        const std::uint64_t projections = rows(m_hidden + m_queries + 2 * m_keys + m_drops * m_hidden);
        const std::uint64_t products = rows(m_queries) + std::max(block(), rows(m_drops * m_queries));
        return std::max(projections, products);
    }
    std::uint64_t mlpForward() const {
        return std::max(rows(m_hidden + m_drops * m_hidden), rows(m_inner + m_drops * m_inner));
    }
    std::uint64_t mlpBackward() const {
        // The input of down, its gradient; with dropout also the dropped input and the adapter's branch.
        return std::max(rows(2 * m_inner + 2 * m_drops * m_inner),
                        rows(2 * m_hidden + 2 * m_drops * m_hidden));
    }
    std::uint64_t attentionBackward() const {
        const std::uint64_t gradients = rows(m_queries + 2 * m_keys);
        const std::uint64_t output = rows(m_queries + 2 * m_drops * m_queries);
        const std::uint64_t heads = rows(4 * m_queries) + 2 * m_tokens * m_keys * kFloatBytes +
                                    std::max(blockBackward(), rows(m_keys));
        const std::uint64_t input = rows(2 * m_hidden + 2 * m_drops * m_hidden);
        return gradients + std::max({output, heads, input});
    }
    std::uint64_t head() const {
        const std::uint64_t targets = unsignedOf(m_shape.targets);
        const std::uint64_t chunk = std::min(targets, unsignedOf(kHeadChunkRows));
        return (4 * targets * m_hidden + chunk * m_vocabulary) * m_element + targets * (kFloatBytes + 8);
    }

    std::uint64_t m_hidden, m_queries, m_keys, m_heads, m_inner, m_vocabulary, m_layers, m_tokens, m_element,
        m_drops;
    std::uint64_t m_lowElements = 0; ///< kept low-rank products a token and layer
    std::uint64_t m_angles = 0;
    const WorkspaceShape& m_shape;
};

} // namespace

std::uint64_t workspaceBytes(const formats::ModelConfig& config, const LoraPlan& plan,
                             const WorkspaceShape& shape) {
    return Pass(config, plan, shape).peak();
}

} // namespace llamahome::engine
