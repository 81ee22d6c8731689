// What the kernels of quantised matrices take, and their table. Included by code for several instruction
// sets: nothing but <cstdint>.
#pragma once

#include "formats/bitsandbytes/quantised_view.h"
#include "llama/kernels/kernel_types.h"

namespace llamahome::engine {

using formats::QuantisedView;

/// A part of a matrix: rows and columns from `begin` to before `end`.
struct MatrixPart {
    std::int64_t rowBegin;
    std::int64_t rowEnd;
    std::int64_t columnBegin;
    std::int64_t columnEnd;
};

template <typename T>
struct QuantKernels {
    /// The values of a part of `matrix`, of either format, to `out`, whose rows lie `stride` elements apart.
    void (*unpack)(const QuantisedView& matrix, const MatrixPart& part, T* out, std::int64_t stride);
    /// `count` values of a row of `matrix`, a QuantisedView, from column `first` on: a RowSource's read().
    void (*readRow)(const void* matrix, std::int64_t row, std::int64_t first, std::int64_t count, T* out);
    /// Rows [begin, end) of `values` as int8: codes[i] = round(value · ((1 / absmax) · 127)), ties to even. A
    /// row of zeros has codes of 0. absmax[row] is not finite where a value of the row is not.
    void (*packInt8)(std::int64_t begin, std::int64_t end, std::int64_t columns, const T* values,
                     std::int8_t* codes, float* absmax);
    /// Blocks [begin, end) of 64 of the `elements` values as NF4, two codes a byte; the last block may be
    /// short, and an odd tail leaves its low half 7, the code of 0. A value takes the code whose value is
    /// nearest to value · (1 / absmax), the lower one of two. absmax[block] as above.
    void (*packNf4)(std::int64_t begin, std::int64_t end, std::int64_t elements, const T* values,
                    std::uint8_t* codes, float* absmax);
};

} // namespace llamahome::engine
