// Products of a weight with a few rows of activations, for one instruction set; see lanes.h.
#pragma once

#include "llama/kernels/lanes.h"
#include "llama/kernels/vector_types.h"

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

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
/// left out where kIsWhole is not given. Rows of the weight lie `apart` elements apart.
template <bool kIsWhole, int kOuts, int kRows, typename T>
LLAMAHOME_INLINE void dotStep(Index begin, Index in, const T* weight, Index apart, const VectorRows<T>& x,
                              Floats (&sums)[kOuts][kRows]) {
    const Index count = kIsWhole ? kDotStep<T> : in - begin;
    decltype(operand(weight)) values[kRows];
    LLAMAHOME_UNROLL
    for (int r = 0; r < kRows; ++r)
        values[r] = operandSome(x.first + r * x.stride + begin, count);
    LLAMAHOME_UNROLL
    for (int o = 0; o < kOuts; ++o) {
        const auto factor = operandSome(weight + o * apart + begin, count);
        LLAMAHOME_UNROLL
        for (int r = 0; r < kRows; ++r)
            sums[o][r] = multiplyAdd(factor, values[r], sums[o][r]);
    }
}

/// The sums of four vectors at once, which takes a third of the instructions; bit for bit those of sumOf().
LLAMAHOME_INLINE void sumsOfFour(Floats a, Floats b, Floats c, Floats d, float (&sums)[4]) {
#if LLAMAHOME_LANES == 16
    const Floats ab =
        __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
        __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    const Floats cd =
        __builtin_shufflevector(c, d, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
        __builtin_shufflevector(c, d, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    const Floats fours =
        __builtin_shufflevector(ab, cd, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
        __builtin_shufflevector(ab, cd, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    const Floats twos =
        fours + __builtin_shufflevector(fours, fours, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    const Floats ones =
        twos + __builtin_shufflevector(twos, twos, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
    for (Index i = 0; i < 4; ++i)
        sums[i] = ones[4 * i];
#else
    const Floats parts[] = {a, b, c, d};
    for (Index i = 0; i < 4; ++i)
        sums[i] = sumOf(parts[i]);
#endif
}

/// Sums of kOuts outputs, `outStride` apart.
template <int kOuts, int kRows>
LLAMAHOME_INLINE void storeSums(const Floats (&parts)[kOuts][kRows], float* sums, Index outStride,
                                Index sumStride) {
    if constexpr (kOuts == 4) {
        LLAMAHOME_UNROLL
        for (int r = 0; r < kRows; ++r) {
            float four[4];
            sumsOfFour(parts[0][r], parts[1][r], parts[2][r], parts[3][r], four);
            LLAMAHOME_UNROLL
            for (int o = 0; o < kOuts; ++o)
                sums[r * sumStride + o * outStride] = four[o];
        }
        return;
    }
    LLAMAHOME_UNROLL
    for (int o = 0; o < kOuts; ++o)
        LLAMAHOME_UNROLL
    for (int r = 0; r < kRows; ++r)
        sums[r * sumStride + o * outStride] = sumOf(parts[o][r]);
}

/// Rows of a weight that are read at once, each the next of a part of its own.
constexpr int streams(int rows) {
    return rows <= 4 ? 4 : 2; // their sums fill the registers
}

/// Calls `tile(first, apart)` for kOuts outputs at a time, [begin, end) cut into as many parts: of each the
/// same place, `apart` outputs from one to the next. What a part reads is one stream through memory from
/// end to end, which the processor itself fetches ahead; asked for line by line, as rows that lie side by
/// side would need, half as much comes. `single(output)` for those that are left.
template <int kOuts, typename Tile, typename Single>
LLAMAHOME_INLINE void overStreams(Index begin, Index end, const Tile& tile, const Single& single) {
    const Index apart = (end - begin) / kOuts;
    for (Index o = begin; o < begin + apart; ++o)
        tile(o, apart);
    for (Index o = begin + kOuts * apart; o < end; ++o)
        single(o);
}

/// kOuts rows of the weight, `apart` rows apart, with kRows of x.
template <int kOuts, int kRows, typename T>
LLAMAHOME_INLINE void multiplyTile(Index in, const T* weight, Index apart, const VectorRows<T>& x,
                                   float* sums, Index sumStride) {
    Floats parts[kOuts][kRows] = {};
    Index i = 0;
    for (; i + kDotStep<T> <= in; i += kDotStep<T>)
        dotStep<true>(i, in, weight, apart * in, x, parts);
    if (i < in) dotStep<false>(i, in, weight, apart * in, x, parts);
    storeSums(parts, sums, apart, sumStride);
}

template <int kRows, typename T>
void multiplyRows(Index begin, Index end, const VectorWeight<T>& weight, const VectorRows<T>& x, float* sums,
                  Index sumStride) {
    const Index in = weight.in;
    overStreams<streams(kRows)>(
        begin, end,
        [&](Index o, Index apart) {
            multiplyTile<streams(kRows), kRows>(in, weight.elements + o * in, apart, x, sums + o, sumStride);
        },
        [&](Index o) { multiplyTile<1, kRows>(in, weight.elements + o * in, 0, x, sums + o, sumStride); });
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
