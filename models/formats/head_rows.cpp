#include "formats/head_rows.h"

#include <cassert>
#include <cstring>
#include <vector>

namespace llamahome::formats {

void deinterleaveHeadRows(std::span<std::byte> rows, std::int64_t heads, std::int64_t headRows) {
    assert(heads > 0 && headRows % 2 == 0);
    const std::size_t headBytes = rows.size() / static_cast<std::size_t>(heads);
    const std::size_t rowBytes = headBytes / static_cast<std::size_t>(headRows);
    const auto half = static_cast<std::size_t>(headRows / 2);
    std::vector<std::byte> source(headBytes);
    for (std::byte* head = rows.data(); head != rows.data() + rows.size(); head += headBytes) {
        std::memcpy(source.data(), head, headBytes);
        for (std::size_t row = 0; row < half; ++row) {
            std::memcpy(head + row * rowBytes, source.data() + 2 * row * rowBytes, rowBytes);
            std::memcpy(head + (half + row) * rowBytes, source.data() + (2 * row + 1) * rowBytes, rowBytes);
        }
    }
}

} // namespace llamahome::formats
