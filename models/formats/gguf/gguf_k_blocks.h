// Unpacks GGUF's blocks of 256 elements with scales of their own in them: Q2_K … Q6_K. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "formats/gguf/gguf_block_bits.h"

namespace llamahome::formats {

inline constexpr std::uint32_t kQ2KBytes = kSuperBlock / 16 + kSuperBlock / 4 + 2 * kHalfBytes;
inline constexpr std::uint32_t kQ3KBytes = kSuperBlock / 8 + kSuperBlock / 4 + kPackedScaleBytes + kHalfBytes;
inline constexpr std::uint32_t kQ4KBytes = 2 * kHalfBytes + kPackedScaleBytes + kSuperBlock / 2;
inline constexpr std::uint32_t kQ5KBytes = kQ4KBytes + kSuperBlock / 8;
inline constexpr std::uint32_t kQ6KBytes = kSuperBlock / 2 + kSuperBlock / 4 + kSuperBlock / 16 + kHalfBytes;

/// Each turns `count` whole blocks into count * 256 floats, every step rounded to fp32 as the reference does
/// (gguf/quants.py and ggml-quants.c, dequantize_row_*). Infinite and NaN scales give what fp32 gives.
void decodeQ2K(const std::byte* blocks, std::size_t count, float* out);
void decodeQ3K(const std::byte* blocks, std::size_t count, float* out);
void decodeQ4K(const std::byte* blocks, std::size_t count, float* out);
void decodeQ5K(const std::byte* blocks, std::size_t count, float* out);
void decodeQ6K(const std::byte* blocks, std::size_t count, float* out);

} // namespace llamahome::formats
