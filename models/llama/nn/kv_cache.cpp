#include "llama/nn/kv_cache.h"

#include <ATen/ops/empty.h>

namespace llamahome::engine {
namespace {

constexpr std::int64_t kBlock = 256; // tokens the capacity grows by

} // namespace

KvCache::KvCache(const formats::ModelConfig& config, at::ScalarType dtype)
    : m_heads(config.num_key_value_heads)
    , m_headDim(config.head_dim)
    , m_dtype(dtype)
    , m_layers(static_cast<std::size_t>(config.num_hidden_layers)) {}

void KvCache::reserve(Layer& layer, std::int64_t needed) const {
    if (layer.keys.defined() && layer.keys.size(1) >= needed) return;
    const std::int64_t capacity = (needed + kBlock - 1) / kBlock * kBlock;
    Layer grown{at::empty({m_heads, capacity, m_headDim}, m_dtype),
                at::empty({m_heads, capacity, m_headDim}, m_dtype)};
    if (layer.keys.defined() && m_length > 0) {
        grown.keys.narrow(1, 0, m_length).copy_(layer.keys.narrow(1, 0, m_length));
        grown.values.narrow(1, 0, m_length).copy_(layer.values.narrow(1, 0, m_length));
    }
    layer = grown;
}

KvCache::Context KvCache::append(std::int64_t layer, const at::Tensor& keys, const at::Tensor& values) {
    Layer& stored = m_layers.at(static_cast<std::size_t>(layer));
    const std::int64_t added = keys.size(1);
    reserve(stored, m_length + added);
    stored.keys.narrow(1, m_length, added).copy_(keys);
    stored.values.narrow(1, m_length, added).copy_(values);
    return {stored.keys.narrow(1, 0, m_length + added), stored.values.narrow(1, 0, m_length + added)};
}

} // namespace llamahome::engine
