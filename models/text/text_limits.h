// Bounds on what tokenizer and data files may hold. Constants; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace llamahome::text {

inline constexpr std::int64_t kMaxTokens = 1'000'000;    ///< entries of a vocabulary; ids lie below
inline constexpr std::size_t kMaxTokenBytes = 4096;      ///< of one entry of a vocabulary
inline constexpr std::size_t kMaxTokenizerSteps = 16;    ///< of its normalizer, pre-tokenizer, decoder
inline constexpr std::size_t kMaxAddedTokenBytes = 1024; ///< of one added token's text
inline constexpr std::size_t kMaxRowBytes = 64U << 20;   ///< of one row of a data file, whole JSON arrays too
inline constexpr std::size_t kMaxColumns = 1000;         ///< of a table
inline constexpr std::size_t kTextBlockBytes = 1500; ///< of a text file's row, about 400 tokens of English

} // namespace llamahome::text
