// Products of a quantised matrix with a few rows of activations, for one instruction set; see lanes.h.
//
// Codes become numbers in registers, never in memory: those of int8 are summed as they are and scaled once a
// row, which rounds less than unpack() does; those of NF4 pick from their block's sixteen values.
#pragma once

#include "llama/kernels/quant_unpacking.h"
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

/// The values of a block's codes.
struct Nf4Values {
    Floats parts[kCodes / kLanes];
};

template <typename T>
LLAMAHOME_INLINE Nf4Values nf4Values(float scale) {
    Nf4Values values;
    LLAMAHOME_UNROLL
    for (Index i = 0; i < kCodes / kLanes; ++i)
        values.parts[i] = roundTo(static_cast<const T*>(nullptr), load(kNf4Book + i * kLanes) * scale);
    return values;
}

/// By the lowest four bits of every lane.
LLAMAHOME_INLINE Floats pick(const Nf4Values& values, Integers codes) {
#if LLAMAHOME_LANES == 16 && defined(__AVX512F__)
    return reinterpret_cast<Floats>(
        _mm512_permutexvar_ps(reinterpret_cast<__m512i>(codes), reinterpret_cast<__m512>(values.parts[0])));
#elif LLAMAHOME_LANES == 8 && defined(__AVX2__)
    const auto places = reinterpret_cast<__m256i>(codes);
    const __m256 low = _mm256_permutevar8x32_ps(reinterpret_cast<__m256>(values.parts[0]), places);
    const __m256 high = _mm256_permutevar8x32_ps(reinterpret_cast<__m256>(values.parts[1]), places);
    return reinterpret_cast<Floats>(
        _mm256_blendv_ps(low, high, reinterpret_cast<__m256>(codes << 28))); // by their fourth bit
#else
    Floats picked;
    for (Index i = 0; i < kLanes; ++i)
        picked[i] = values.parts[(codes[i] & 15) / kLanes][(codes[i] & 15) % kLanes];
    return picked;
#endif
}

LLAMAHOME_INLINE Integers loadBytes(const std::uint8_t* from) {
#if LLAMAHOME_LANES == 16 && defined(__AVX512F__)
    return reinterpret_cast<Integers>(
        _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
#else
    std::uint8_t __attribute__((vector_size(LLAMAHOME_LANES))) bytes;
    __builtin_memcpy(&bytes, from, sizeof bytes);
    return __builtin_convertvector(bytes, Integers);
#endif
}

/// Two vectors of elements apart: those at even places, and those at odd ones.
LLAMAHOME_INLINE void loadPairs(const Bfloat16* from, Floats& even, Floats& odd) {
    Words pairs;
    __builtin_memcpy(&pairs, from, sizeof pairs);
    even = reinterpret_cast<Floats>(pairs << 16);
    odd = reinterpret_cast<Floats>(pairs & 0xffff0000U);
}
LLAMAHOME_INLINE void loadPairs(const float* from, Floats& even, Floats& odd) {
    const Floats a = load(from);
    const Floats b = load(from + kLanes);
#if LLAMAHOME_LANES == 16
    even = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    odd = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
#elif LLAMAHOME_LANES == 8
    even = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
    odd = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
#else
    even = __builtin_shufflevector(a, b, 0, 2, 4, 6);
    odd = __builtin_shufflevector(a, b, 1, 3, 5, 7);
#endif
}

/// kOuts rows of whole blocks, `apart` rows apart.
template <int kOuts, int kRows, typename T>
LLAMAHOME_INLINE void multiplyNf4(const QuantisedView& weight, Index row, Index apart, const VectorRows<T>& x,
                                  float* sums, Index sumStride) {
    const Index blocks = weight.columns / kNf4Block;
    const Index blocksOfScale = weight.block / kNf4Block;
    Floats parts[kOuts][kRows] = {};
    for (Index block = row * blocks; block < (row + 1) * blocks; ++block) {
        const T* const first = x.first + (block - row * blocks) * kNf4Block;
        Nf4Values values[kOuts];
        LLAMAHOME_UNROLL
        for (int o = 0; o < kOuts; ++o) {
            const Index number = block + o * apart * blocks;
            values[o] =
                nf4Values<T>(scaleOfBlock(weight, blocksOfScale == 1 ? number : number / blocksOfScale));
        }
        LLAMAHOME_UNROLL
        for (Index i = 0; i < kNf4BlockBytes; i += kLanes) {
            Floats even[kRows], odd[kRows];
            LLAMAHOME_UNROLL
            for (int r = 0; r < kRows; ++r)
                loadPairs(first + r * x.stride + 2 * i, even[r], odd[r]);
            LLAMAHOME_UNROLL
            for (int o = 0; o < kOuts; ++o) {
                const Integers bytes =
                    loadBytes(weight.codes + (block + o * apart * blocks) * kNf4BlockBytes + i);
                const Floats high = pick(values[o], bytes >> 4);
                const Floats low = pick(values[o], bytes);
                LLAMAHOME_UNROLL
                for (int r = 0; r < kRows; ++r)
                    parts[o][r] = low * odd[r] + (high * even[r] + parts[o][r]);
            }
        }
    }
    storeSums(parts, sums, apart, sumStride);
}

template <int kRows, typename T>
void multiplyQuantisedRows(Index begin, Index end, const QuantisedView& weight, const VectorRows<T>& x,
                           float* sums, Index sumStride) {
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
        overStreams<kOuts>(
            begin, end,
            [&](Index o, Index apart) {
                multiplyNf4<kOuts, kRows>(weight, o, apart, x, sums + o, sumStride);
            },
            pieces);
    }
}

template <typename T>
void multiplyQuantised(Index begin, Index end, const QuantisedView& weight, const VectorRows<T>& x,
                       float* sums, Index sumStride) {
    constexpr decltype(&multiplyQuantisedRows<1, T>) kByRows[kMaxVectorRows] = {
        multiplyQuantisedRows<1, T>, multiplyQuantisedRows<2, T>, multiplyQuantisedRows<3, T>,
        multiplyQuantisedRows<4, T>, multiplyQuantisedRows<5, T>, multiplyQuantisedRows<6, T>,
        multiplyQuantisedRows<7, T>, multiplyQuantisedRows<8, T>};
    kByRows[x.count - 1](begin, end, weight, x, sums, sumStride);
}

} // namespace
} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
