// The small steps that every quantiser of GGUF's blocks takes. Any thread.
#pragma once

#include <cmath>
#include <cstddef>

#include "formats/gguf/gguf_block_bits.h"

namespace llamahome::formats {

/// Stores `value` as fp16; false where it is not finite there.
inline bool putScale(std::byte* out, float value) {
    const std::uint16_t half = floatToHalf(value);
    putHalf(out, half);
    return std::isfinite(halfToFloat(half));
}

inline bool areFinite(const float* values, std::size_t count) {
    bool isFinite = true;
    for (std::size_t i = 0; i < count; ++i)
        isFinite = isFinite && std::isfinite(values[i]);
    return isFinite;
}

/// 1/scale, and 0 for 0.
inline float inverseOf(float scale) {
    return scale == 0.0F ? 0.0F : 1.0F / scale;
}

/// `value` within the bounds; the lower one for a NaN, which the product of 0 and an infinite inverse is.
inline float clampedQuant(float value, float lowest, float highest) {
    const float raised = value > lowest ? value : lowest;
    return raised < highest ? raised : highest;
}

/// The nearest whole number within whole bounds below 2^22, ties to even: adding 1.5·2^23 leaves no bits
/// below 1, and compilers make vectors of it.
inline float nearestQuant(float value, float lowest, float highest) {
    constexpr float kShift = 12582912.0F;
    return (clampedQuant(value, lowest, highest) + kShift) - kShift;
}

} // namespace llamahome::formats
