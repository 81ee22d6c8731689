#include "llama/nn/kv_cache.h"

#include <algorithm>
#include <cassert>
#include <new>
#include <numeric>

#include <sys/mman.h>
#include <unistd.h>

#include <ATen/ops/from_blob.h>

namespace llamahome::engine {
namespace {

constexpr std::int64_t kParts = 2; // keys and values

std::size_t roundedUp(std::size_t bytes, std::size_t to) {
    return (bytes + to - 1) / to * to;
}

std::size_t pageBytes() {
    return static_cast<std::size_t>(std::max<long>(sysconf(_SC_PAGESIZE), 1));
}

} // namespace

KvCache::KvCache(const formats::ModelConfig& config, at::ScalarType dtype)
    : m_config(config)
    , m_dtype(dtype)
    , m_headBytes(roundedUp(static_cast<std::size_t>(config.max_position_embeddings) * tokenBytes(),
                            std::lcm(pageBytes(), tokenBytes()))) { // whole pages, and whole tokens
    // Address space only: where the system commits strictly, memory is asked for block by block in reserve().
    void* const region =
        mmap(nullptr, regionBytes(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED) throw std::bad_alloc();
    m_region = static_cast<std::byte*>(region);
}

KvCache::~KvCache() {
    (void)munmap(m_region, regionBytes());
}

std::size_t KvCache::tokenBytes() const {
    return static_cast<std::size_t>(m_config.head_dim) * at::elementSize(m_dtype);
}

std::size_t KvCache::regionBytes() const {
    return m_headBytes *
           static_cast<std::size_t>(m_config.num_hidden_layers * kParts * m_config.num_key_value_heads);
}

std::byte* KvCache::place(std::int64_t layer, std::int64_t part, std::int64_t head) const {
    return m_region +
           static_cast<std::size_t>((layer * kParts + part) * m_config.num_key_value_heads + head) *
               m_headBytes;
}

void KvCache::reserve(std::int64_t tokens) {
    if (tokens <= m_capacity) return;
    const std::int64_t limit = m_config.max_position_embeddings;
    if (tokens > limit) throw std::bad_alloc();
    const std::int64_t capacity =
        std::min((tokens + kContextBlock - 1) / kContextBlock * kContextBlock, limit);
    const std::size_t begin = roundedUp(static_cast<std::size_t>(m_capacity) * tokenBytes(), pageBytes());
    const std::size_t end = roundedUp(static_cast<std::size_t>(capacity) * tokenBytes(), pageBytes());
    for (std::byte* head = m_region; head < m_region + regionBytes() && begin < end; head += m_headBytes)
        if (mprotect(head + begin, end - begin, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
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
    const std::int64_t added = newKeys.size(1);
    const std::int64_t context = m_length + added;
    reserve(context);
    const Context whole{view(keys(layer, 0), context), view(values(layer, 0), context)};
    whole.keys.narrow(1, m_length, added).copy_(newKeys);
    whole.values.narrow(1, m_length, added).copy_(newValues);
    return whole;
}

void KvCache::truncate(std::int64_t length) {
    assert(length >= 0 && length <= m_length);
    m_length = length;
}

} // namespace llamahome::engine
