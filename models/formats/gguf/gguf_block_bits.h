// How the fields of GGUF's blocks lie in bytes: sizes, halves, nibbles, six-bit scales. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "formats/half.h"

namespace llamahome::formats {

inline constexpr std::size_t kBlock = 32;       ///< elements of a Q*_0 or Q*_1 block
inline constexpr std::size_t kSuperBlock = 256; ///< elements of a Q*_K block
inline constexpr std::size_t kHalfBytes = 2;
inline constexpr std::size_t kPackedScaleBytes = 12; ///< of Q3_K, Q4_K and Q5_K

inline std::uint16_t bitsAt(const std::byte* bytes) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, bytes, sizeof bits);
    return bits;
}
inline float halfAt(const std::byte* bytes) {
    return halfToFloat(bitsAt(bytes));
}
inline void putHalf(std::byte* bytes, std::uint16_t bits) {
    std::memcpy(bytes, &bits, sizeof bits);
}

/// `count` bits of `value` from bit `shift` on.
inline int bitField(std::byte value, unsigned shift, unsigned count) {
    return (std::to_integer<int>(value) >> shift) & ((1 << count) - 1);
}
inline int lowNibble(std::byte value) {
    return bitField(value, 0, 4);
}
inline int highNibble(std::byte value) {
    return bitField(value, 4, 4);
}

/// Scale and minimum of sub-block `j` of 8 in the 12 bytes of Q4_K and Q5_K: the first four pairs lie in the
/// low six bits of bytes 0–3 and 4–7, the last four in the nibbles of bytes 8–11 and the top bits of the
/// others.
struct ScaleAndMinimum {
    int scale = 0;
    int minimum = 0;
};
inline ScaleAndMinimum scaleAndMinimumAt(const std::byte* packed, std::size_t j) {
    if (j < 4) return {bitField(packed[j], 0, 6), bitField(packed[j + 4], 0, 6)};
    return {lowNibble(packed[j + 4]) | (bitField(packed[j - 4], 6, 2) << 4),
            highNibble(packed[j + 4]) | (bitField(packed[j], 6, 2) << 4)};
}

} // namespace llamahome::formats
