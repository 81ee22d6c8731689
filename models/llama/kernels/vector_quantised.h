// Products of a quantised matrix with a few rows of activations, for one instruction set; see lanes.h.
//
// Codes become numbers in registers, never in memory, and are summed unscaled: those of int8 over a row,
// those of NF4 over a block (vector_nf4.h). That rounds less than unpack() does.
#pragma once

#include "llama/kernels/quant_unpacking.h"
#include "llama/kernels/vector_nf4.h"
#include "llama/kernels/vector_products.h"

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

/// One row of any matrix, piece after piece as unpack() gives it.
template <int kRows, typename T>
LLAMAHOME_INLINE void multiplyPieces(const QuantisedView& weight, Index row, const VectorRows<T>& x,
                                     float* sums, Index sumStride) {
    constexpr Index kPiece = 256;
    T values[kPiece];
    Floats parts[1][kRows] = {};
    for (Index first = 0; first < weight.columns; first += kPiece) {
        const Index count = weight.columns - first < kPiece ? weight.columns - first : kPiece;
        readRow(&weight, row, first, count, values);
        const VectorRows<T> piece{x.first + first, x.count, x.stride};
        Index i = 0;
        for (; i + kDotStep<T> <= count; i += kDotStep<T>)
            dotStep<true>(i, count, values, 0, piece, parts);
        if (i < count) dotStep<false>(i, count, values, 0, piece, parts);
    }
    storeSums(parts, sums, 0, sumStride);
}

/// kOuts rows, `apart` rows apart, of a multiple of kLanes columns.
template <int kOuts, int kRows, typename T>
LLAMAHOME_INLINE void multiplyInt8(const QuantisedView& weight, Index row, Index apart,
                                   const VectorRows<T>& x, float* sums, Index sumStride) {
    const Index in = weight.columns;
    const std::uint8_t* const codes = weight.codes + row * in;
    Floats parts[kOuts][kRows] = {};
    for (Index i = 0; i < in; i += kLanes) {
        Floats values[kRows];
        LLAMAHOME_UNROLL
        for (int r = 0; r < kRows; ++r)
            values[r] = load(x.first + r * x.stride + i);
        LLAMAHOME_UNROLL
        for (int o = 0; o < kOuts; ++o) {
            const Floats factor = asFloats(codes + o * apart * in + i);
            LLAMAHOME_UNROLL
            for (int r = 0; r < kRows; ++r)
                parts[o][r] = factor * values[r] + parts[o][r];
        }
    }
    LLAMAHOME_UNROLL
    for (int o = 0; o < kOuts; ++o)
        LLAMAHOME_UNROLL
    for (int r = 0; r < kRows; ++r)
        parts[o][r] *= weight.absmax[row + o * apart] * (1.0F / formats::kInt8Codes);
    storeSums(parts, sums, apart, sumStride);
}

template <int kRows, typename T>
void multiplyQuantisedRows(Index begin, Index end, const QuantisedView& weight, const VectorRows<T>& x,
                           float* arranged, float* sums, Index sumStride) {
    constexpr int kOuts = streams(kRows);
    const auto pieces = [&](Index o) { multiplyPieces<kRows>(weight, o, x, sums + o, sumStride); };
    if (weight.columns % kNf4Block != 0) {
        for (Index o = begin; o < end; ++o)
            pieces(o);
    } else if (weight.format == formats::Quantisation::Int8) {
        overStreams<kOuts>(
            begin, end,
            [&](Index o, Index apart) {
                multiplyInt8<kOuts, kRows>(weight, o, apart, x, sums + o, sumStride);
            },
            pieces);
    } else {
        multiplyNf4Rows<kRows>(begin, end, weight, x, arranged, sums, sumStride);
    }
}

template <typename T>
void multiplyQuantised(Index begin, Index end, const QuantisedView& weight, const VectorRows<T>& x,
                       float* arranged, float* sums, Index sumStride) {
    constexpr decltype(&multiplyQuantisedRows<1, T>) kByRows[kMaxVectorRows] = {
        multiplyQuantisedRows<1, T>, multiplyQuantisedRows<2, T>, multiplyQuantisedRows<3, T>,
        multiplyQuantisedRows<4, T>, multiplyQuantisedRows<5, T>, multiplyQuantisedRows<6, T>,
        multiplyQuantisedRows<7, T>, multiplyQuantisedRows<8, T>};
    kByRows[x.count - 1](begin, end, weight, x, arranged, sums, sumStride);
}

} // namespace
} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
