// TokenTable: bytes ↔ token id, both ways in constant time. Immutable once filled; any thread then.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llamahome::text {

class TokenTable {
public:
    /// Makes room for `count` tokens of `bytes` bytes together, ids below `idEnd`.
    void reserve(std::size_t count, std::size_t bytes, std::size_t idEnd);
    /// Adds a token. Returns the id that has the same bytes already, or nothing. Each id is added once.
    std::optional<std::int32_t> add(std::int32_t id, std::string_view bytes);

    /// The id of exactly these bytes, or -1.
    std::int32_t find(std::string_view bytes) const;
    /// The bytes of an id; empty for an id without a token.
    std::string_view bytesOf(std::int32_t id) const;

private:
    struct Span {
        std::uint32_t offset = 0;
        std::uint32_t size = 0;
    };
    std::size_t slotOf(std::string_view bytes) const;

    std::string m_pool;
    std::vector<Span> m_spans;         ///< by id
    std::vector<std::int32_t> m_slots; ///< open addressing, a power of two, at most half full; -1: free
};

} // namespace llamahome::text
