#include "text/tokenizer/token_table.h"

#include <cstring>

namespace llamahome::text {
namespace {

std::uint64_t hashOf(std::string_view bytes) {
    std::uint64_t hash = bytes.size() * 0x9E3779B97F4A7C15ULL;
    const auto mix = [&](std::uint64_t word) {
        hash = (hash ^ word) * 0xD6E8FEB86659FD93ULL;
        hash ^= hash >> 32;
    };
    while (bytes.size() >= sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), sizeof word);
        mix(word);
        bytes.remove_prefix(sizeof word);
    }
    std::uint64_t rest = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        rest |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    mix(rest);
    return hash;
}

} // namespace

void TokenTable::reserve(std::size_t count, std::size_t bytes, std::size_t idEnd) {
    std::size_t slots = 16;
    while (slots < count * 2)
        slots *= 2;
    m_slots.assign(slots, -1);
    m_spans.assign(idEnd, Span{});
    m_pool.reserve(bytes);
}

std::size_t TokenTable::slotOf(std::string_view bytes) const {
    const std::size_t mask = m_slots.size() - 1;
    std::size_t slot = static_cast<std::size_t>(hashOf(bytes)) & mask;
    while (m_slots[slot] >= 0 && bytesOf(m_slots[slot]) != bytes)
        slot = (slot + 1) & mask;
    return slot;
}

std::optional<std::int32_t> TokenTable::add(std::int32_t id, std::string_view bytes) {
    const std::size_t slot = slotOf(bytes);
    if (m_slots[slot] >= 0) return m_slots[slot];
    m_spans[static_cast<std::size_t>(id)] = {static_cast<std::uint32_t>(m_pool.size()),
                                             static_cast<std::uint32_t>(bytes.size())};
    m_pool += bytes;
    m_slots[slot] = id;
    return std::nullopt;
}

std::int32_t TokenTable::find(std::string_view bytes) const {
    return m_slots.empty() ? -1 : m_slots[slotOf(bytes)];
}

std::string_view TokenTable::bytesOf(std::int32_t id) const {
    if (id < 0 || static_cast<std::size_t>(id) >= m_spans.size()) return {};
    const Span span = m_spans[static_cast<std::size_t>(id)];
    return std::string_view(m_pool).substr(span.offset, span.size);
}

} // namespace llamahome::text
