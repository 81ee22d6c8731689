#include "formats/gguf/gguf_quantise.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "formats/gguf/gguf_quant_steps.h"

namespace llamahome::formats {
namespace {

/// Stores the low four bits of each quant: element i in the low nibble of byte i, i + 16 in its high one.
void putNibbles(std::byte* out, const std::uint8_t* quants) {
    for (std::size_t i = 0; i < kBlock / 2; ++i)
        out[i] = static_cast<std::byte>((quants[i] & 0x0FU) | ((quants[i + kBlock / 2] & 0x0FU) << 4));
}

void putFifthBits(std::byte* out, const std::uint8_t* quants) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < kBlock; ++i)
        bits |= static_cast<std::uint32_t>(quants[i] >> 4) << i;
    std::memcpy(out, &bits, sizeof bits);
}

/// The value of largest magnitude, the first of several, with its sign.
float extremeOf(const float* values) {
    return *std::max_element(values, values + kBlock,
                             [](float a, float b) { return std::abs(a) < std::abs(b); });
}

/// q = trunc((x − offset)·inverse + shift), from 0 to `top`.
void truncated(const float* values, float offset, float scale, float shift, float top, std::uint8_t* quants) {
    const float inverse = inverseOf(scale);
    for (std::size_t i = 0; i < kBlock; ++i)
        quants[i] =
            static_cast<std::uint8_t>(clampedQuant((values[i] - offset) * inverse + shift, 0.0F, top));
}

} // namespace

bool encodeF32(const float* values, std::size_t count, std::byte* out) {
    std::memcpy(out, values, count * sizeof(float));
    return areFinite(values, count);
}

bool encodeF16(const float* values, std::size_t count, std::byte* out) {
    bool isFinite = true;
    for (std::size_t i = 0; i < count; ++i)
        isFinite = putScale(out + kHalfBytes * i, values[i]) && isFinite;
    return isFinite;
}

bool encodeBf16(const float* values, std::size_t count, std::byte* out) {
    bool isFinite = true;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint16_t rounded = floatToBfloat16(values[i]);
        isFinite = isFinite && std::isfinite(bfloat16ToFloat(rounded));
        putHalf(out + kHalfBytes * i, rounded);
    }
    return isFinite;
}

bool encodeQ4_0(const float* values, std::size_t count, std::byte* out) {
    std::uint8_t quants[kBlock];
    for (; count > 0; --count, values += kBlock, out += kHalfBytes + kBlock / 2) {
        const float scale = extremeOf(values) / -8.0F;
        if (!areFinite(values, kBlock) || !putScale(out, scale)) return false;
        truncated(values, 0.0F, scale, 8.5F, 15.0F, quants);
        putNibbles(out + kHalfBytes, quants);
    }
    return true;
}

bool encodeQ5_0(const float* values, std::size_t count, std::byte* out) {
    std::uint8_t quants[kBlock];
    for (; count > 0; --count, values += kBlock, out += kHalfBytes + kBlock / 8 + kBlock / 2) {
        const float scale = extremeOf(values) / -16.0F;
        if (!areFinite(values, kBlock) || !putScale(out, scale)) return false;
        truncated(values, 0.0F, scale, 16.5F, 31.0F, quants);
        putFifthBits(out + kHalfBytes, quants);
        putNibbles(out + kHalfBytes + kBlock / 8, quants);
    }
    return true;
}

bool encodeQ5_1(const float* values, std::size_t count, std::byte* out) {
    std::uint8_t quants[kBlock];
    for (; count > 0; --count, values += kBlock, out += 2 * kHalfBytes + kBlock / 8 + kBlock / 2) {
        const auto [least, most] = std::minmax_element(values, values + kBlock);
        const float scale = (*most - *least) / 31.0F;
        if (!areFinite(values, kBlock) || !putScale(out, scale) || !putScale(out + kHalfBytes, *least))
            return false;
        truncated(values, *least, scale, 0.5F, 31.0F, quants);
        putFifthBits(out + 2 * kHalfBytes, quants);
        putNibbles(out + 2 * kHalfBytes + kBlock / 8, quants);
    }
    return true;
}

bool encodeQ8_0(const float* values, std::size_t count, std::byte* out) {
    for (; count > 0; --count, values += kBlock, out += kHalfBytes + kBlock) {
        const float scale = std::abs(extremeOf(values)) / 127.0F;
        if (!areFinite(values, kBlock) || !putScale(out, scale)) return false;
        const float inverse = inverseOf(scale);
        for (std::size_t i = 0; i < kBlock; ++i) {
            const float quant = std::round(clampedQuant(values[i] * inverse, -127.0F, 127.0F));
            out[kHalfBytes + i] = static_cast<std::byte>(static_cast<std::int8_t>(quant));
        }
    }
    return true;
}

} // namespace llamahome::formats
