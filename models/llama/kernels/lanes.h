// The vocabulary of the kernels: vectors of the instruction set's width, loads and stores that widen and
// round, and what is summed, compared and raised in them. Included once by each level_*.cpp, before the
// kernels' bodies, which names the set's namespace in LLAMAHOME_CPU_LEVEL and its lanes in LLAMAHOME_LANES.
//
// Everything here and in the bodies is always inlined or lies in that namespace without a name of its own,
// and nothing of the standard library is called: a function that another translation unit shares would be
// compiled for the wrong machine.
#pragma once

#include "llama/kernels/kernel_types.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

#define LLAMAHOME_INLINE static inline __attribute__((always_inline))
#define LLAMAHOME_MEMBER inline __attribute__((always_inline)) // of a member function
/// Before a loop whose count is a constant, so that what it indexes stays in registers.
#define LLAMAHOME_UNROLL _Pragma("GCC unroll 32")

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

using Index = std::int64_t;
constexpr Index kLanes = LLAMAHOME_LANES;
using Floats = float __attribute__((vector_size(LLAMAHOME_LANES * 4)));
using Words = std::uint32_t __attribute__((vector_size(LLAMAHOME_LANES * 4)));
using Integers = std::int32_t __attribute__((vector_size(LLAMAHOME_LANES * 4)));
using Halves = std::uint16_t __attribute__((vector_size(LLAMAHOME_LANES * 2)));

/// In every lane.
LLAMAHOME_INLINE Floats all(float value) {
#if LLAMAHOME_LANES == 16 && defined(__AVX512F__)
    return reinterpret_cast<Floats>(_mm512_set1_ps(value));
#elif LLAMAHOME_LANES == 8 && defined(__AVX2__)
    return reinterpret_cast<Floats>(_mm256_set1_ps(value));
#else
    return value - Floats{}; // plus would be another number for -0, and be computed
#endif
}

LLAMAHOME_INLINE Words asWords(Halves bits) {
#if LLAMAHOME_LANES == 16 && defined(__AVX512F__)
    return reinterpret_cast<Words>(
        _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(bits))); // g++ takes five steps
#elif LLAMAHOME_LANES == 8 && defined(__AVX2__)
    return reinterpret_cast<Words>(_mm256_cvtepu16_epi32(reinterpret_cast<__m128i>(bits)));
#else
    return __builtin_convertvector(bits, Words);
#endif
}

LLAMAHOME_INLINE Floats widen(Halves bits) {
    return reinterpret_cast<Floats>(asWords(bits) << 16);
}

/// To nearest even; a NaN stays one.
LLAMAHOME_INLINE Halves narrow(Floats values) {
#ifdef __AVX512BF16__ // which makes 0 of what is too small to be normal
    return reinterpret_cast<Halves>(_mm512_cvtneps_pbh(reinterpret_cast<__m512>(values)));
#else
    const Words bits = reinterpret_cast<Words>(values);
    const Words rounded = (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16;
    const Words isNan = reinterpret_cast<Words>(values != values);
    return __builtin_convertvector((rounded & ~isNan) | (isNan & 0x7fc0U), Halves);
#endif
}

LLAMAHOME_INLINE Floats load(const float* from) {
    Floats values;
    __builtin_memcpy(&values, from, sizeof values);
    return values;
}

LLAMAHOME_INLINE Floats load(const Bfloat16* from) {
    Halves bits;
    __builtin_memcpy(&bits, from, sizeof bits);
    return widen(bits);
}

LLAMAHOME_INLINE void store(float* to, Floats values) {
    __builtin_memcpy(to, &values, sizeof values);
}

LLAMAHOME_INLINE void store(Bfloat16* to, Floats values) {
    const Halves bits = narrow(values);
    __builtin_memcpy(to, &bits, sizeof bits);
}

/// The first `count` lanes, the others 0.
template <typename T>
LLAMAHOME_INLINE Floats loadSome(const T* from, Index count) {
    if (count >= kLanes) return load(from);
    T part[kLanes] = {};
    for (Index i = 0; i < count; ++i)
        part[i] = from[i];
    return load(part);
}

template <typename T>
LLAMAHOME_INLINE void storeSome(T* to, Floats values, Index count) {
    if (count >= kLanes) {
        store(to, values);
        return;
    }
    T part[kLanes];
    store(part, values);
    for (Index i = 0; i < count; ++i)
        to[i] = part[i];
}

/// What a store to T and a load again would give.
LLAMAHOME_INLINE Floats roundTo(const float*, Floats values) {
    return values;
}
LLAMAHOME_INLINE Floats roundTo(const Bfloat16*, Floats values) {
    return widen(narrow(values));
}

/// By halves: lane after lane would wait for each sum in turn.
LLAMAHOME_INLINE float sumOf(Floats values) {
#if LLAMAHOME_LANES == 16
    const auto eight = __builtin_shufflevector(values, values, 0, 1, 2, 3, 4, 5, 6, 7) +
                       __builtin_shufflevector(values, values, 8, 9, 10, 11, 12, 13, 14, 15);
#elif LLAMAHOME_LANES == 8
    const auto eight = values;
#endif
#if LLAMAHOME_LANES >= 8
    const auto four =
        __builtin_shufflevector(eight, eight, 0, 1, 2, 3) + __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
#else
    const auto four = values;
#endif
    const auto two = __builtin_shufflevector(four, four, 0, 1) + __builtin_shufflevector(four, four, 2, 3);
    return two[0] + two[1];
}

LLAMAHOME_INLINE Floats choose(Integers mask, Floats yes, Floats no) {
    return mask ? yes : no;
}

LLAMAHOME_INLINE Floats larger(Floats a, Floats b) {
    return choose(a > b, a, b);
}

LLAMAHOME_INLINE float largestOf(Floats values) {
    float most = values[0];
    for (Index i = 1; i < kLanes; ++i)
        most = values[i] > most ? values[i] : most;
    return most;
}

/// Lanes 0, 1, 2, …
LLAMAHOME_INLINE Integers laneNumbers() {
    Integers numbers;
    for (Index i = 0; i < kLanes; ++i)
        numbers[i] = static_cast<std::int32_t>(i);
    return numbers;
}

/// All ones in the lanes below `count`.
LLAMAHOME_INLINE Integers lanesBelow(Index count) {
    const auto bound = static_cast<std::int32_t>(count < kLanes ? (count > 0 ? count : 0) : kLanes);
    return laneNumbers() < bound;
}

/// All ones in the lanes whose bit of a row of KeepBits, from bit `first` on, is set; `first` is a multiple
/// of kLanes.
LLAMAHOME_INLINE Integers lanesKept(const std::uint8_t* bits, Index first) {
    std::uint16_t word = bits[first / 8];
    if constexpr (kLanes == 16) __builtin_memcpy(&word, bits + first / 8, sizeof word);
    const Integers bit = (Integers{} + 1) << laneNumbers();
    return ((Integers{} + static_cast<std::int32_t>(word >> (first % 8))) & bit) != 0;
}

/// e^r - 1 - r over r² for |r| up to half of ln 2 (Cephes' polynomial).
LLAMAHOME_INLINE Floats exponentialTail(Floats r) {
    Floats y = all(1.9875691500e-4F);
    y = y * r + 1.3981999507e-3F;
    y = y * r + 8.3334519073e-3F;
    y = y * r + 4.1665795894e-2F;
    y = y * r + 1.6666665459e-1F;
    return y * r + 5.0000001201e-1F;
}

/// e^x to about one unit in the last place; 0 where that is too small to be normal, infinity beyond the range
/// of fp32, a NaN stays one.
LLAMAHOME_INLINE Floats exponential(Floats x) {
    constexpr float kLowest = -87.336544F;
    constexpr float kHighest = 88.722839F;
    constexpr float kLog2e = 1.44269504F;
    constexpr float kLn2High = 0.693359375F;
    constexpr float kLn2Low = -2.12194440e-4F;
#ifdef __AVX512F__
    // Of two operands the second is given where one is a NaN.
    const __m512 within =
        _mm512_max_ps(_mm512_set1_ps(kLowest - 1.0F),
                      _mm512_min_ps(_mm512_set1_ps(kHighest + 1.0F), reinterpret_cast<__m512>(x)));
    const Floats held = reinterpret_cast<Floats>(within);
    const Floats n = reinterpret_cast<Floats>(
        _mm512_roundscale_ps(reinterpret_cast<__m512>(held * kLog2e), _MM_FROUND_TO_NEAREST_INT));
    const Floats r = held - n * kLn2High - n * kLn2Low;
    const Floats y = exponentialTail(r) * (r * r) + (r + 1.0F);
    const __mmask16 isNormal =
        _mm512_cmp_ps_mask(reinterpret_cast<__m512>(x), _mm512_set1_ps(kLowest), _CMP_NLT_UQ);
    return reinterpret_cast<Floats>(
        _mm512_maskz_scalef_ps(isNormal, reinterpret_cast<__m512>(y), reinterpret_cast<__m512>(n)));
#else
    constexpr float kRoundToInteger = 12582912.0F; // 1.5 · 2^23
    Floats held = x < kLowest ? all(kLowest) : x;
    held = held > kHighest ? all(kHighest) : held;
    const Floats n = (held * kLog2e + kRoundToInteger) - kRoundToInteger;
    const Floats r = held - n * kLn2High - n * kLn2Low;
    const Floats y = exponentialTail(r) * (r * r) + (r + 1.0F);
    // In two steps, because 2^128 is none.
    const Integers half = __builtin_convertvector(n, Integers) >> 1;
    const Integers rest = __builtin_convertvector(n, Integers) - half;
    const Floats low = reinterpret_cast<Floats>((half + 127) << 23);
    const Floats high = reinterpret_cast<Floats>((rest + 127) << 23);
    const Floats result = choose(x < kLowest, all(0.0F), y * low * high);
    return choose(x > kHighest, all(__builtin_inff()), result);
#endif
}

} // namespace
} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
