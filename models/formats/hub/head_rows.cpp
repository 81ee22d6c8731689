#include "formats/hub/head_rows.h"

#include <cassert>
#include <cstring>
#include <vector>

namespace llamahome::formats {

namespace {

/// Calls `move(head, source, rowBytes)` for each head, with a copy of its rows as the source.
template <typename Move>
void rearrangeHeads(std::span<std::byte> rows, std::int64_t heads, std::int64_t headRows, Move move) {
    assert(heads > 0 && headRows % 2 == 0);
    const std::size_t headBytes = rows.size() / static_cast<std::size_t>(heads);
    const std::size_t rowBytes = headBytes / static_cast<std::size_t>(headRows);
    std::vector<std::byte> source(headBytes);
    for (std::byte* head = rows.data(); head != rows.data() + rows.size(); head += headBytes) {
        std::memcpy(source.data(), head, headBytes);
        move(head, source.data(), rowBytes);
    }
}

} // namespace

void deinterleaveHeadRows(std::span<std::byte> rows, std::int64_t heads, std::int64_t headRows) {
    const auto half = static_cast<std::size_t>(headRows / 2);
    rearrangeHeads(rows, heads, headRows, [half](std::byte* head, const std::byte* source, std::size_t row) {
        for (std::size_t i = 0; i < half; ++i) {
            std::memcpy(head + i * row, source + 2 * i * row, row);
            std::memcpy(head + (half + i) * row, source + (2 * i + 1) * row, row);
        }
    });
}

void interleaveHeadRows(std::span<std::byte> rows, std::int64_t heads, std::int64_t headRows) {
    const auto half = static_cast<std::size_t>(headRows / 2);
    rearrangeHeads(rows, heads, headRows, [half](std::byte* head, const std::byte* source, std::size_t row) {
        for (std::size_t i = 0; i < half; ++i) {
            std::memcpy(head + 2 * i * row, source + i * row, row);
            std::memcpy(head + (2 * i + 1) * row, source + (half + i) * row, row);
        }
    });
}

} // namespace llamahome::formats
