// A quantised matrix as it lies in memory, and the constants of its formats. Included by code for several
// instruction sets: nothing but <cstdint>.
//
// The formats are those of bitsandbytes (llama.md 6.8), so that its files are used as they are.
#pragma once

#include <cstdint>

namespace llamahome::formats {

enum class Quantisation {
    Int8, ///< a byte an element, one scale a row (an output channel)
    Nf4,  ///< half a byte an element, one scale a block of elements in row-major order
};

// Not inline: a symbol that objects for several instruction sets share is not wanted.
/// The values of NF4's sixteen codes: quantiles of a normal distribution.
constexpr float kNf4Book[16] = {
    -1.0F,        -0.69619280F, -0.52507305F, -0.39491749F, -0.28444138F, -0.18477343F, -0.091050036F, 0.0F,
    0.079580300F, 0.16093020F,  0.24611230F,  0.33791524F,  0.44070983F,  0.56261700F,  0.72295684F,   1.0F};

/// The largest code of int8, which stands for the row's absmax.
constexpr float kInt8Codes = 127.0F;

constexpr std::int64_t kNf4Block = 64;     ///< elements that share a scale, in what is written
constexpr std::int64_t kNestedBlock = 256; ///< scales that share a scale

/// A matrix [rows, columns], row-major and dense. The memory is the owner's. Element i of row r is
///   Int8: (codes[i] · absmax[r]) · (1 / 127), a signed byte each;
///   Nf4:  kNf4Book[code i] · scale(i / block), two codes a byte, the first in the high half; where `columns`
///         is odd, a row may begin within a byte.
/// A block's scale is absmax[b], or, where scales are quantised again (nested),
///   nestedBook[absmaxCodes[b]] · nestedAbsmax[b / 256] + nestedOffset.
/// Each operation is rounded to fp32.
struct QuantisedView {
    Quantisation format;
    std::int64_t rows;
    std::int64_t columns;
    const std::uint8_t* codes;
    const float* absmax; ///< null where nested
    std::int64_t block;  ///< of Nf4: a multiple of kNf4Block
    const std::uint8_t* absmaxCodes;
    const float* nestedAbsmax;
    const float* nestedBook; ///< 256 values
    float nestedOffset;
};

} // namespace llamahome::formats
