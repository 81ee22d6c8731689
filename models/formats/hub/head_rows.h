// The order of rows in q_proj and k_proj: halves (Hub) or interleaved pairs (Meta, GGUF). Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace llamahome::formats {

/// Turns Meta's order into the Hub's, in place: within each head of d rows, row j < d/2 comes from row 2j and
/// row d/2 + j from row 2j + 1 (llama.md 2.3). `rows` holds heads * d rows of equal size; d is even.
void deinterleaveHeadRows(std::span<std::byte> rows, std::int64_t heads, std::int64_t headRows);

/// The inverse: row 2j comes from row j and row 2j + 1 from row d/2 + j.
void interleaveHeadRows(std::span<std::byte> rows, std::int64_t heads, std::int64_t headRows);

} // namespace llamahome::formats
