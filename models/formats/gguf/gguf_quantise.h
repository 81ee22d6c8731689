// Packs floats into GGUF's blocks of 32, and into plain halves. Any thread.
#pragma once

#include <cstddef>

namespace llamahome::formats {

/// Each packs count * blockElements floats into `count` blocks, to the bit as ggml's reference does
/// (gguf/quants.py and ggml-quants.c, quantize_row_*_ref). False where a value or a block's scale is not
/// finite in the type; what `out` then holds is undefined.
bool encodeF32(const float* values, std::size_t count, std::byte* out);
bool encodeF16(const float* values, std::size_t count, std::byte* out);
bool encodeBf16(const float* values, std::size_t count, std::byte* out);
bool encodeQ4_0(const float* values, std::size_t count, std::byte* out);
bool encodeQ5_0(const float* values, std::size_t count, std::byte* out);
bool encodeQ5_1(const float* values, std::size_t count, std::byte* out);
bool encodeQ8_0(const float* values, std::size_t count, std::byte* out);

} // namespace llamahome::formats
