// Packs floats into GGUF's blocks of 256: Q4_K, Q5_K and Q6_K. Any thread.
#pragma once

#include <cstddef>

namespace llamahome::formats {

/// Each packs count * 256 floats into `count` blocks. As ggml's reference (ggml-quants.c,
/// quantize_row_*_K_ref) they search, for each sub-block, the scale (Q6_K, weights x²) or the scale and the
/// minimum (Q4_K, Q5_K, weights |x| + root mean square) of least weighted squared error; then they take a
/// neighbour of the rounded scale and minimum where it lessens that error and not at the cost of the plain
/// one. The same bytes on every machine. False where a value or a block's scale is not finite; what `out`
/// then holds is undefined.
bool encodeQ4K(const float* values, std::size_t count, std::byte* out);
bool encodeQ5K(const float* values, std::size_t count, std::byte* out);
bool encodeQ6K(const float* values, std::size_t count, std::byte* out);

} // namespace llamahome::formats
