// Products of int8 codes in the tiles of tiles.h, and what feeds them: rows of the left quantised as they
// come, codes of the right packed as they lie. Included once by each level_*.cpp; see lanes.h.
//
// Sums of codes are whole numbers in 32 bits and exact. Where the processor multiplies four bytes at once
// (AVX512_VNNI) the left code has an offset that makes it unsigned, which the sum of the right's codes takes
// away again; elsewhere codes are widened to 16 bits and multiplied in pairs. Multiplying bytes in pairs with
// AVX2's vpmaddubsw would saturate.
#pragma once

#include "llama/kernels/quant_unpacking.h"
#include "llama/kernels/tiles.h"

#if !defined(__AVX2__) && defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

#ifdef __AVX512VNNI__
struct Int8Step {
    using Left = std::uint8_t; // code + kOffset
    using Right = __m512i;
    using Lefts = std::uint8_t __attribute__((vector_size(LLAMAHOME_LANES)));
    static constexpr Index kElements = 4;
    static constexpr std::int32_t kOffset = 128;

    LLAMAHOME_MEMBER static Right load(const std::byte* from) { return _mm512_loadu_si512(from); }
    LLAMAHOME_MEMBER static Right broadcast(const Left* from) {
        std::int32_t codes;
        __builtin_memcpy(&codes, from, sizeof codes);
        return _mm512_set1_epi32(codes);
    }
    LLAMAHOME_MEMBER static Floats multiplyAdd(Floats sum, Right left, Right right) {
        return reinterpret_cast<Floats>(_mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sum), left, right));
    }
};
#else
struct Int8Step {
    using Left = std::int16_t;
    using Right = Integers; // pairs of 16 bits
    using Lefts = std::int16_t __attribute__((vector_size(LLAMAHOME_LANES * 2)));
    static constexpr Index kElements = 2;
    static constexpr std::int32_t kOffset = 0;

    LLAMAHOME_MEMBER static Right load(const std::byte* from) {
        Right pairs;
        __builtin_memcpy(&pairs, from, sizeof pairs);
        return pairs;
    }
    LLAMAHOME_MEMBER static Right broadcast(const Left* from) {
        std::int32_t pair;
        __builtin_memcpy(&pair, from, sizeof pair);
#if LLAMAHOME_LANES == 16 && defined(__AVX512F__)
        return reinterpret_cast<Right>(_mm512_set1_epi32(pair));
#elif LLAMAHOME_LANES == 8 && defined(__AVX2__)
        return reinterpret_cast<Right>(_mm256_set1_epi32(pair));
#else
        return Right{} + pair;
#endif
    }
    LLAMAHOME_MEMBER static Right pairProducts(Right left, Right right) {
#if LLAMAHOME_LANES == 16 && defined(__AVX512BW__)
        return reinterpret_cast<Right>(
            _mm512_madd_epi16(reinterpret_cast<__m512i>(left), reinterpret_cast<__m512i>(right)));
#elif LLAMAHOME_LANES == 8 && defined(__AVX2__)
        return reinterpret_cast<Right>(
            _mm256_madd_epi16(reinterpret_cast<__m256i>(left), reinterpret_cast<__m256i>(right)));
#elif LLAMAHOME_LANES == 4 && defined(__SSE2__)
        return reinterpret_cast<Right>(
            _mm_madd_epi16(reinterpret_cast<__m128i>(left), reinterpret_cast<__m128i>(right)));
#else
        return (left << 16 >> 16) * (right << 16 >> 16) + (left >> 16) * (right >> 16);
#endif
    }
    LLAMAHOME_MEMBER static Floats multiplyAdd(Floats sum, Right left, Right right) {
        return reinterpret_cast<Floats>(reinterpret_cast<Integers>(sum) + pairProducts(left, right));
    }
};
#endif

LLAMAHOME_INLINE Index int8Steps(Index depth) {
    return (depth + Int8Step::kElements - 1) / Int8Step::kElements;
}

/// What stands behind the codes of a panel: what is added to a column's sum of codes, and what it is then
/// multiplied by.
struct PanelColumns {
    std::int32_t correction[kPanelColumns];
    float scale[kPanelColumns];
};

LLAMAHOME_INLINE Index int8PanelBytes(Index depth) {
    return int8Steps(depth) * kPanelColumns * kLaneBytes + static_cast<Index>(sizeof(PanelColumns));
}

/// The first `count` codes, the others 0, as the words of a step each.
LLAMAHOME_INLINE Words someCodes(const std::uint8_t* from, Index count) {
    constexpr Index kElements = kLanes * Int8Step::kElements;
#ifdef __AVX512VNNI__
    return someWords(from, count < kElements ? count : kElements);
#else
    using Bytes = std::int8_t __attribute__((vector_size(LLAMAHOME_LANES * 2)));
    using Shorts = std::int16_t __attribute__((vector_size(LLAMAHOME_LANES * 4)));
    Bytes bytes{};
    if (count >= kElements)
        __builtin_memcpy(&bytes, from, sizeof bytes);
    else
        __builtin_memcpy(&bytes, from, static_cast<std::size_t>(count));
    return reinterpret_cast<Words>(__builtin_convertvector(bytes, Shorts));
#endif
}

/// Codes stored [columns, depth]: blocks of kLanes columns and steps are turned.
template <Index kVectors>
LLAMAHOME_INLINE void packCodeColumns(const QuantisedView& right, Index firstColumn, Index columns,
                                      std::byte* packed) {
    constexpr Index kElements = kLanes * Int8Step::kElements; // of a block's depth
    const Index depth = right.columns;
    const Index steps = int8Steps(depth);
    for (Index v = 0; v < kVectors; ++v)
        for (Index s = 0; s < steps; s += kLanes) {
            const Index first = s * Int8Step::kElements;
            const Index count = depth - first < kElements ? depth - first : kElements;
            const std::uint8_t* const block = right.codes + (firstColumn + v * kLanes) * depth + first;
            Words words[kLanes];
            for (Index i = 0; i < kLanes; ++i) {
                __builtin_prefetch(block + (kLanes + i) * depth);
                words[i] = v * kLanes + i < columns ? someCodes(block + i * depth, count) : Words{};
            }
            transposeWords(words);
            for (Index i = 0; i < kLanes && s + i < steps; ++i)
                __builtin_memcpy(packed + ((s + i) * kVectors + v) * kLanes * kLaneBytes, &words[i],
                                 sizeof words[i]);
        }
}

/// Codes stored [depth, columns]: those of a step's rows lie in one word.
template <Index kVectors>
LLAMAHOME_INLINE void packCodeRows(const QuantisedView& right, Index firstColumn, Index columns,
                                   std::byte* packed) {
    constexpr Index kAhead = 16; // rows
    constexpr int kBits = 32 / static_cast<int>(Int8Step::kElements);
    constexpr std::int32_t kMask = (1 << kBits) - 1;
    const Index depth = right.rows;
    const Index steps = int8Steps(depth);
    for (Index s = 0; s < steps; ++s)
        for (Index v = 0; v < kVectors; ++v) {
            const Index left = columns - v * kLanes;
            const Index count = left < kLanes ? left : kLanes;
            Integers words{};
            for (Index e = 0; e < Int8Step::kElements && count > 0; ++e) {
                const Index row = s * Int8Step::kElements + e;
                if (row >= depth) break;
                const std::uint8_t* const from = right.codes + row * right.columns + firstColumn + v * kLanes;
                __builtin_prefetch(from + kAhead * right.columns);
                SignedBytes codes{};
                if (count == kLanes)
                    __builtin_memcpy(&codes, from, sizeof codes);
                else
                    __builtin_memcpy(&codes, from, static_cast<std::size_t>(count));
                words |= (asIntegers(codes) & kMask) << static_cast<int>(e * kBits);
            }
            __builtin_memcpy(packed + (s * kVectors + v) * kLanes * kLaneBytes, &words, sizeof words);
        }
}

/// `columns` columns of a right matrix of codes from `firstColumn` on, as tiles of kVectors vectors read
/// them, and what stands behind them.
template <Index kVectors>
LLAMAHOME_INLINE void packCodes(const QuantisedView& right, bool isTransposed, Index firstColumn,
                                Index columns, std::byte* packed) {
    constexpr float kCodeStep = 1.0F / formats::kInt8Codes;
    if (isTransposed)
        packCodeColumns<kVectors>(right, firstColumn, columns, packed);
    else
        packCodeRows<kVectors>(right, firstColumn, columns, packed);
    const Index steps = int8Steps(isTransposed ? right.columns : right.rows);
    PanelColumns behind{};
    if constexpr (Int8Step::kOffset != 0) {
        Int8Step::Left ones[Int8Step::kElements];
        for (Int8Step::Left& one : ones)
            one = 1;
        for (Index v = 0; v < kVectors; ++v) {
            Floats sum{};
            for (Index s = 0; s < steps; ++s)
                sum =
                    Int8Step::multiplyAdd(sum, Int8Step::broadcast(ones),
                                          Int8Step::load(packed + (s * kVectors + v) * kLanes * kLaneBytes));
            const Integers correction = reinterpret_cast<Integers>(sum) * -Int8Step::kOffset;
            __builtin_memcpy(behind.correction + v * kLanes, &correction, sizeof correction);
        }
    }
    for (Index i = 0; i < columns; ++i)
        behind.scale[i] = isTransposed ? right.absmax[firstColumn + i] * kCodeStep : 1.0F;
    __builtin_memcpy(packed + steps * kPanelColumns * kLaneBytes, &behind, sizeof behind);
}

/// The left rows of a term as int8: a scale a row, then rows of codes.
struct LeftCodes {
    float* scales;
    Int8Step::Left* codes;
    Index stride;

    static Index strideOf(Index depth) { return roundUp(depth, kLanes); }
    static Index scaleBytes(Index rows) { return roundUp(rows * static_cast<Index>(sizeof(float)), 64); }
    /// A tile reads whole rows of its own, the last one beyond the end.
    static Index bytes(Index rows, Index depth) {
        return scaleBytes(rows) +
               roundUp((rows + kTileVectors) * strideOf(depth) * static_cast<Index>(sizeof(Int8Step::Left)),
                       64);
    }
    static LeftCodes at(std::byte* place, Index rows, Index depth) {
        return {reinterpret_cast<float*>(place), reinterpret_cast<Int8Step::Left*>(place + scaleBytes(rows)),
                strideOf(depth)};
    }
};

/// As rounded(), in a register.
LLAMAHOME_INLINE Floats roundedInPlace(Floats values) {
#if defined(__AVX512F__)
    __asm__("" : "+v"(values));
#elif defined(__SSE2__)
    __asm__("" : "+x"(values));
#else
    values = rounded(values);
#endif
    return values;
}

/// Values of a row, each times the scale of its channel where there is one.
template <typename T>
LLAMAHOME_INLINE Floats foldedValues(const T* row, const float* channels, Index i, Index count) {
    const Floats values = loadSome(row + i, count - i);
    return channels == nullptr ? values : roundedInPlace(values * loadSome(channels + i, count - i));
}

/// The largest magnitude of a row; NaN where a value is not finite. Bits of magnitudes are in their order.
template <typename T>
LLAMAHOME_INLINE float largestOfRow(const T* row, const float* channels, Index depth) {
    constexpr std::int32_t kInfinity = 0x7f800000;
    Integers most{};
    for (Index i = 0; i < depth; i += kLanes) {
        const Integers bits = reinterpret_cast<Integers>(foldedValues(row, channels, i, depth)) & 0x7fffffff;
        most = bits > most ? bits : most;
    }
    std::int32_t largest = 0;
    for (Index i = 0; i < kLanes; ++i)
        largest = most[i] > largest ? most[i] : largest;
    return largest < kInfinity ? __builtin_bit_cast(float, largest) : __builtin_nanf("");
}

template <typename T>
LLAMAHOME_INLINE void quantiseRow(const T* row, const float* channels, Index depth, float* scale,
                                  Int8Step::Left* codes) {
    constexpr float kRoundToInteger = 12582912.0F; // 1.5 · 2^23, whose last bit is worth 1
    constexpr std::int32_t kRounderBits = 0x4b400000;
    constexpr float kCodeStep = 1.0F / formats::kInt8Codes;
    constexpr float kSmallest = 1e-36F; // 127 of its inverse are still a number
    const float largest = largestOfRow(row, channels, depth);
    const float factor = largest >= kSmallest ? formats::kInt8Codes / largest : 0.0F;
    *scale = largest < kSmallest ? 0.0F : largest * kCodeStep * (channels == nullptr ? 1.0F : kCodeStep);
    for (Index i = 0; i < depth; i += kLanes) {
        const Floats x = factor > 0.0F ? foldedValues(row, channels, i, depth) : all(0.0F);
        const Floats whole = roundedInPlace(x * factor) + kRoundToInteger;
        const Integers found = reinterpret_cast<Integers>(whole) - (kRounderBits - Int8Step::kOffset);
        const auto kept = __builtin_convertvector(found, Int8Step::Lefts);
        __builtin_memcpy(codes + i, &kept, sizeof kept);
    }
}

} // namespace
} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
