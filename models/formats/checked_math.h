// Overflow-checked arithmetic on numbers that come from a file. Any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

namespace llamahome::formats {

/// a * b, or nothing where it does not fit.
inline std::optional<std::uint64_t> checkedMultiply(std::uint64_t a, std::uint64_t b) {
    if (b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b) return std::nullopt;
    return a * b;
}

/// a + b, or nothing where it does not fit.
inline std::optional<std::uint64_t> checkedAdd(std::uint64_t a, std::uint64_t b) {
    if (a > std::numeric_limits<std::uint64_t>::max() - b) return std::nullopt;
    return a + b;
}

} // namespace llamahome::formats
