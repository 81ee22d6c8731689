// Products of a weight with a few rows of activations, for one instruction set; see lanes.h.
#pragma once

#include "llama/kernels/lanes.h"
#include "llama/kernels/vector_types.h"

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

constexpr Index kLineBytes = 64;
/// Of a row of a weight. Where rows are shorter, more of them at once hide the ends of each.
constexpr Index kShortRowBytes = 2048;

/// Elements of a dot product that one instruction takes, and that instruction.
template <typename T>
constexpr Index kDotStep = kLanes;
LLAMAHOME_INLINE Floats operand(const float* from) {
    return load(from);
}
LLAMAHOME_INLINE Floats multiplyAdd(Floats a, Floats b, Floats sum) {
    return a * b + sum;
}
#ifdef __AVX512BF16__
template <>
constexpr Index kDotStep<Bfloat16> = 2 * kLanes;
LLAMAHOME_INLINE __m512bh operand(const Bfloat16* from) {
    return reinterpret_cast<__m512bh>(_mm512_loadu_si512(from));
}
LLAMAHOME_INLINE Floats multiplyAdd(__m512bh a, __m512bh b, Floats sum) {
    return reinterpret_cast<Floats>(_mm512_dpbf16_ps(reinterpret_cast<__m512>(sum), a, b));
}
#else
LLAMAHOME_INLINE Floats operand(const Bfloat16* from) {
    return load(from);
}
#endif

/// The first `count` elements, the others 0.
template <typename T>
LLAMAHOME_INLINE auto operandSome(const T* from, Index count) {
    if (count >= kDotStep<T>) return operand(from);
    T part[kDotStep<T>] = {};
    for (Index i = 0; i < count; ++i)
        part[i] = from[i];
    return operand(part);
}

/// sums[o][r] += weight[o] · x[r] over the elements [begin, begin + kDotStep) of both, what lies beyond `in`
/// left out where kIsWhole is not given.
template <bool kIsWhole, int kOuts, int kRows, typename T>
LLAMAHOME_INLINE void dotStep(Index begin, Index in, const T* weight, const VectorRows<T>& x,
                              Floats (&sums)[kOuts][kRows]) {
    const Index count = kIsWhole ? kDotStep<T> : in - begin;
    decltype(operand(weight)) values[kRows];
    LLAMAHOME_UNROLL
    for (int r = 0; r < kRows; ++r)
        values[r] = operandSome(x.first + r * x.stride + begin, count);
    LLAMAHOME_UNROLL
    for (int o = 0; o < kOuts; ++o) {
        const auto factor = operandSome(weight + o * in + begin, count);
        LLAMAHOME_UNROLL
        for (int r = 0; r < kRows; ++r)
            sums[o][r] = multiplyAdd(factor, values[r], sums[o][r]);
    }
}

/// How far ahead of what is read memory is asked for: whole tiles, so that every line is asked for once, and
/// enough of them to cover the time that memory takes. The pages of a mapped file are small, and what the
/// processor fetches ahead by itself ends with each.
LLAMAHOME_INLINE Index prefetchDistance(Index tileBytes) {
    constexpr Index kLeast = 8192;
    return (kLeast + tileBytes - 1) / tileBytes * tileBytes;
}

template <int kOuts, int kRows>
LLAMAHOME_INLINE void storeSums(const Floats (&parts)[kOuts][kRows], float* sums, Index sumStride) {
    LLAMAHOME_UNROLL
    for (int o = 0; o < kOuts; ++o)
        LLAMAHOME_UNROLL
    for (int r = 0; r < kRows; ++r)
        sums[r * sumStride + o] = sumOf(parts[o][r]);
}

/// kOuts rows of the weight with kRows of x.
template <int kOuts, int kRows, typename T>
LLAMAHOME_INLINE void multiplyTile(Index in, const T* weight, Index ahead, const VectorRows<T>& x,
                                   float* sums, Index sumStride) {
    constexpr Index kLine = kLineBytes / static_cast<Index>(sizeof(T));
    Floats parts[kOuts][kRows] = {};
    Index i = 0;
    for (; i + kLine <= in; i += kLine) {
        LLAMAHOME_UNROLL
        for (int o = 0; o < kOuts; ++o)
            __builtin_prefetch(weight + o * in + i + ahead);
        LLAMAHOME_UNROLL
        for (Index step = 0; step < kLine; step += kDotStep<T>)
            dotStep<true>(i + step, in, weight, x, parts);
    }
    for (; i < in; i += kDotStep<T>)
        dotStep<false>(i, in, weight, x, parts);
    storeSums(parts, sums, sumStride);
}

/// kOuts rows of the weight at once are as many streams from memory; their sums fill the registers.
template <int kOuts, int kRows, typename T>
void multiplyOuts(Index begin, Index end, const VectorWeight<T>& weight, const VectorRows<T>& x, float* sums,
                  Index sumStride) {
    constexpr auto kBytes = static_cast<Index>(sizeof(T));
    const Index ahead = prefetchDistance(kOuts * weight.in * kBytes) / kBytes;
    const T* const first = weight.elements;
    Index o = begin;
    for (; o + kOuts <= end; o += kOuts)
        multiplyTile<kOuts, kRows>(weight.in, first + o * weight.in, ahead, x, sums + o, sumStride);
    for (; o < end; ++o)
        multiplyTile<1, kRows>(weight.in, first + o * weight.in, ahead, x, sums + o, sumStride);
}

template <int kRows, typename T>
void multiplyRows(Index begin, Index end, const VectorWeight<T>& weight, const VectorRows<T>& x, float* sums,
                  Index sumStride) {
    if constexpr (kRows == 1)
        if (weight.in * static_cast<Index>(sizeof(T)) < kShortRowBytes)
            return multiplyOuts<8, kRows>(begin, end, weight, x, sums, sumStride);
    multiplyOuts<(kRows <= 4 ? 4 : 2), kRows>(begin, end, weight, x, sums, sumStride);
}

template <typename T>
void multiply(Index begin, Index end, const VectorWeight<T>& weight, const VectorRows<T>& x, float* sums,
              Index sumStride) {
    constexpr decltype(&multiplyRows<1, T>) kByRows[kMaxVectorRows] = {
        multiplyRows<1, T>, multiplyRows<2, T>, multiplyRows<3, T>, multiplyRows<4, T>,
        multiplyRows<5, T>, multiplyRows<6, T>, multiplyRows<7, T>, multiplyRows<8, T>};
    kByRows[x.count - 1](begin, end, weight, x, sums, sumStride);
}

} // namespace
} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
