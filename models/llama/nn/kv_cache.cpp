#include "llama/nn/kv_cache.h"

#include <algorithm>
#include <cassert>
#include <new>
#include <numeric>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

namespace llamahome::engine {
namespace {

constexpr std::int64_t kParts = 2; // keys and values

/// Tokens of as many blocks as `tokens` need.
std::int64_t roomFor(std::int64_t tokens) {
    return (tokens + kContextBlock - 1) / kContextBlock * kContextBlock;
}

} // namespace

KvCache::KvCache(const formats::ModelConfig& config, at::ScalarType dtype)
    : m_config(config)
    , m_dtype(dtype)
    , m_headBytes(roundedUp(static_cast<std::size_t>(config.max_position_embeddings) * tokenBytes(),
                            std::lcm(pageBytes(), tokenBytes()))) // whole pages, and whole tokens
    , m_space(m_headBytes *
                  static_cast<std::size_t>(config.num_hidden_layers * kParts * config.num_key_value_heads),
              AddressSpace::Pages::Usual) {}

std::size_t KvCache::tokenBytes() const {
    return static_cast<std::size_t>(m_config.head_dim) * at::elementSize(m_dtype);
}

std::byte* KvCache::place(std::int64_t layer, std::int64_t part, std::int64_t head) const {
    return m_space.begin() +
           static_cast<std::size_t>((layer * kParts + part) * m_config.num_key_value_heads + head) *
               m_headBytes;
}

void KvCache::reserve(std::int64_t tokens) {
    if (tokens <= m_capacity) return;
    const std::int64_t limit = m_config.max_position_embeddings;
    if (tokens > limit) throw std::bad_alloc();
    const std::int64_t capacity = std::min(roomFor(tokens), limit);
    const std::size_t begin = roundedUp(static_cast<std::size_t>(m_capacity) * tokenBytes(), pageBytes());
    const std::size_t end = roundedUp(static_cast<std::size_t>(capacity) * tokenBytes(), pageBytes());
    for (std::byte* head = m_space.begin(); head < m_space.end() && begin < end; head += m_headBytes)
        m_space.enable(head + begin, end - begin);
    m_capacity = capacity;
}

at::Tensor KvCache::view(std::byte* first, std::int64_t tokens) const {
    const std::int64_t size = m_config.head_dim;
    return at::from_blob(first, {m_config.num_key_value_heads, tokens, size}, {headTokens() * size, size, 1},
                         m_dtype);
}

std::int64_t KvCache::headTokens() const {
    return static_cast<std::int64_t>(m_headBytes / tokenBytes());
}

std::pair<at::Tensor, at::Tensor> KvCache::space(std::int64_t layer) const {
    return {view(keys(layer, 0), headTokens()), view(values(layer, 0), headTokens())};
}

KvCache::Context KvCache::append(std::int64_t layer, const at::Tensor& newKeys, const at::Tensor& newValues) {
    if (!newKeys.device().is_cpu()) return appendOnDevice(layer, newKeys, newValues);
    const std::int64_t added = newKeys.size(1);
    const std::int64_t context = m_length + added;
    reserve(context);
    const Context whole{view(keys(layer, 0), context), view(values(layer, 0), context)};
    whole.keys.narrow(1, m_length, added).copy_(newKeys);
    whole.values.narrow(1, m_length, added).copy_(newValues);
    return whole;
}

KvCache::Context KvCache::appendOnDevice(std::int64_t layer, const at::Tensor& newKeys,
                                         const at::Tensor& newValues) {
    const std::int64_t added = newKeys.size(1);
    const std::int64_t context = m_length + added;
    if (context > m_config.max_position_embeddings) throw std::bad_alloc();
    Context& kept = m_onDevices[layer];
    const std::int64_t capacity = kept.keys.defined() ? kept.keys.size(1) : 0;
    if (context > capacity) {
        const std::int64_t wanted =
            std::min(roomFor(std::max(context, 2 * capacity)), m_config.max_position_embeddings);
        const auto grown = [&](const at::Tensor& old, const at::Tensor& like) {
            at::Tensor larger = at::empty({like.size(0), wanted, like.size(2)}, like.options());
            if (old.defined()) larger.narrow(1, 0, m_length).copy_(old.narrow(1, 0, m_length));
            return larger;
        };
        kept = {grown(kept.keys, newKeys), grown(kept.values, newValues)};
    }
    kept.keys.narrow(1, m_length, added).copy_(newKeys);
    kept.values.narrow(1, m_length, added).copy_(newValues);
    return {kept.keys.narrow(1, 0, context), kept.values.narrow(1, 0, context)};
}

std::uint64_t KvCache::bytes() const {
    const auto layers = static_cast<std::uint64_t>(m_config.num_hidden_layers);
    std::uint64_t bytes =
        contextBytes(m_config, m_capacity, at::elementSize(m_dtype)) / layers * (layers - m_onDevices.size());
    for (const auto& [layer, kept] : m_onDevices)
        bytes += kept.keys.nbytes() + kept.values.nbytes();
    return bytes;
}

void KvCache::truncate(std::int64_t length) {
    assert(length >= 0 && length <= m_length);
    m_length = length;
}

} // namespace llamahome::engine
