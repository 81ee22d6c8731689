#include "formats/gguf/gguf_k_blocks.h"

namespace llamahome::formats {
namespace {

constexpr std::size_t kPart = 128;    ///< elements whose quants lie in one run of bytes
constexpr std::size_t kSubBlock = 16; ///< elements of one scale in Q2_K, Q3_K and Q6_K

/// The 16 signed scales of Q3_K: low nibbles in bytes 0–7 (scales 0–7 low, 8–15 high), two top bits each in
/// bytes 8–11, 32 added.
int q3Scale(const std::byte* packed, std::size_t j) {
    const int low = j < 8 ? lowNibble(packed[j]) : highNibble(packed[j - 8]);
    const auto shift = static_cast<unsigned>(2 * (j / 4));
    return (low | (bitField(packed[8 + j % 4], shift, 2) << 4)) - 32;
}

} // namespace

/// 16 bytes of scale and minimum (nibbles), 64 of 2-bit quants, fp16 d and m: x = d·s·q − m·min.
void decodeQ2K(const std::byte* blocks, std::size_t count, float* out) {
    for (; count > 0; --count, blocks += kQ2KBytes) {
        const std::byte* quants = blocks + kSuperBlock / kSubBlock;
        const float scale = halfAt(quants + kSuperBlock / 4);
        const float minimum = halfAt(quants + kSuperBlock / 4 + kHalfBytes);
        for (std::size_t i = 0; i < kSuperBlock; ++i) {
            const std::byte packed = blocks[i / kSubBlock];
            const float step = scale * static_cast<float>(lowNibble(packed));
            const float offset = minimum * static_cast<float>(highNibble(packed));
            const auto shift = static_cast<unsigned>(2 * (i % kPart / 32));
            const int quant = bitField(quants[i / kPart * 32 + i % 32], shift, 2);
            *out++ = step * static_cast<float>(quant) - offset;
        }
    }
}

/// 32 bytes of third bits, 64 of 2-bit quants, 12 of scales, fp16 d: x = d·s·(q − 4), where a set third bit
/// adds the 4.
void decodeQ3K(const std::byte* blocks, std::size_t count, float* out) {
    for (; count > 0; --count, blocks += kQ3KBytes) {
        const std::byte* quants = blocks + kSuperBlock / 8;
        const std::byte* scales = quants + kSuperBlock / 4;
        const float scale = halfAt(scales + kPackedScaleBytes);
        for (std::size_t i = 0; i < kSuperBlock; ++i) {
            const float step = scale * static_cast<float>(q3Scale(scales, i / kSubBlock));
            const auto shift = static_cast<unsigned>(2 * (i % kPart / 32));
            const int low = bitField(quants[i / kPart * 32 + i % 32], shift, 2);
            const int high = bitField(blocks[i % 32], static_cast<unsigned>(i / 32), 1);
            *out++ = step * static_cast<float>(low + 4 * high - 4);
        }
    }
}

/// fp16 d and m, 12 bytes of scales and minima, 128 of 4-bit quants: x = d·s·q − m·min.
void decodeQ4K(const std::byte* blocks, std::size_t count, float* out) {
    for (; count > 0; --count, blocks += kQ4KBytes) {
        const float scale = halfAt(blocks);
        const float minimum = halfAt(blocks + kHalfBytes);
        const std::byte* scales = blocks + 2 * kHalfBytes;
        const std::byte* quants = scales + kPackedScaleBytes;
        for (std::size_t j = 0; j < kSuperBlock / 32; ++j) {
            const ScaleAndMinimum pair = scaleAndMinimumAt(scales, j);
            const float step = scale * static_cast<float>(pair.scale);
            const float offset = minimum * static_cast<float>(pair.minimum);
            const auto shift = static_cast<unsigned>(4 * (j % 2));
            for (std::size_t i = 0; i < 32; ++i)
                *out++ = step * static_cast<float>(bitField(quants[j / 2 * 32 + i], shift, 4)) - offset;
        }
    }
}

/// As Q4_K, with 32 bytes of fifth bits before the quants.
void decodeQ5K(const std::byte* blocks, std::size_t count, float* out) {
    for (; count > 0; --count, blocks += kQ5KBytes) {
        const float scale = halfAt(blocks);
        const float minimum = halfAt(blocks + kHalfBytes);
        const std::byte* scales = blocks + 2 * kHalfBytes;
        const std::byte* fifth = scales + kPackedScaleBytes;
        const std::byte* quants = fifth + kSuperBlock / 8;
        for (std::size_t j = 0; j < kSuperBlock / 32; ++j) {
            const ScaleAndMinimum pair = scaleAndMinimumAt(scales, j);
            const float step = scale * static_cast<float>(pair.scale);
            const float offset = minimum * static_cast<float>(pair.minimum);
            const auto shift = static_cast<unsigned>(4 * (j % 2));
            for (std::size_t i = 0; i < 32; ++i) {
                const int quant = bitField(quants[j / 2 * 32 + i], shift, 4) |
                                  (bitField(fifth[i], static_cast<unsigned>(j), 1) << 4);
                *out++ = step * static_cast<float>(quant) - offset;
            }
        }
    }
}

/// 128 bytes of low nibbles, 64 of two top bits, 16 signed scales, fp16 d: x = d·s·(q − 32).
void decodeQ6K(const std::byte* blocks, std::size_t count, float* out) {
    for (; count > 0; --count, blocks += kQ6KBytes) {
        const std::byte* high = blocks + kSuperBlock / 2;
        const std::byte* scales = high + kSuperBlock / 4;
        const float scale = halfAt(scales + kSuperBlock / kSubBlock);
        for (std::size_t i = 0; i < kSuperBlock; ++i) {
            const float step =
                scale * static_cast<float>(std::to_integer<std::int8_t>(scales[i / kSubBlock]));
            const std::size_t part = i / kPart;
            const auto lowShift = static_cast<unsigned>(4 * (i % kPart / 64));
            const auto highShift = static_cast<unsigned>(2 * (i % kPart / 32));
            const int quant = bitField(blocks[part * 64 + i % 64], lowShift, 4) |
                              (bitField(high[part * 32 + i % 32], highShift, 2) << 4);
            *out++ = step * static_cast<float>(quant - 32);
        }
    }
}

} // namespace llamahome::formats
