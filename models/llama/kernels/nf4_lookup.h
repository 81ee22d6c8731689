// From NF4's codes to the values of its book, for one instruction set; see lanes.h.
//
// Values come out of the codes in an order of each set's own; arrangeBlock() puts activations into the same
// one, so that nothing is put in order as a matrix passes.
#pragma once

#include "llama/kernels/quant_unpacking.h"

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

constexpr Index kPickedVectors = 4; ///< that are picked in one step
constexpr Index kPickedValues = kPickedVectors * kLanes;
constexpr Index kPickSteps = kNf4Block / kPickedValues; ///< of a block

/// Values of the book that codes stand for, not scaled.
struct Picked {
    Floats parts[kPickedVectors];
};

/// Two vectors of elements apart: those at even places, and those at odd ones.
LLAMAHOME_INLINE void loadPairs(const Bfloat16* from, Floats& even, Floats& odd) {
    Words pairs;
    __builtin_memcpy(&pairs, from, sizeof pairs);
    even = reinterpret_cast<Floats>(pairs << 16);
    odd = reinterpret_cast<Floats>(pairs & 0xffff0000U);
}

#if LLAMAHOME_LANES == 16 && defined(__AVX512F__)

LLAMAHOME_INLINE Floats evenOf(Floats a, Floats b) {
    return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}

LLAMAHOME_INLINE Floats oddOf(Floats a, Floats b) {
    return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}

LLAMAHOME_INLINE void loadPairs(const float* from, Floats& even, Floats& odd) {
    const Floats a = load(from);
    const Floats b = load(from + kLanes);
    even = evenOf(a, b);
    odd = oddOf(a, b);
}

/// A permutation of the book, which looks at the lowest four bits of a lane only. A lane has two bytes: from
/// its lowest bits up the codes of the elements 1, 0, 3 and 2 of its four.
class Nf4Lookup {
public:
    LLAMAHOME_MEMBER Nf4Lookup()
        : m_book(load(kNf4Book)) {}

    template <Index kStep>
    LLAMAHOME_MEMBER Picked pick(const std::uint8_t* block) const {
        Halves bytes;
        __builtin_memcpy(&bytes, block, sizeof bytes);
        const Words codes = asWords(bytes);
        return {{pickLanes(codes), pickLanes(codes >> 4), pickLanes(codes >> 8), pickLanes(codes >> 12)}};
    }

private:
    LLAMAHOME_MEMBER Floats pickLanes(Words codes) const {
        return reinterpret_cast<Floats>(
            _mm512_permutexvar_ps(reinterpret_cast<__m512i>(codes), reinterpret_cast<__m512>(m_book)));
    }

    Floats m_book;
};

template <typename T>
LLAMAHOME_INLINE void arrangeBlock(const T* from, float* to) {
    Floats even[2], odd[2];
    for (Index i = 0; i < 2; ++i)
        loadPairs(from + 2 * i * kLanes, even[i], odd[i]);
    store(to, evenOf(odd[0], odd[1]));
    store(to + kLanes, evenOf(even[0], even[1]));
    store(to + 2 * kLanes, oddOf(odd[0], odd[1]));
    store(to + 3 * kLanes, oddOf(even[0], even[1]));
}

#elif LLAMAHOME_LANES == 8 && defined(__AVX2__)

LLAMAHOME_INLINE void loadPairs(const float* from, Floats& even, Floats& odd) {
    const Floats a = load(from);
    const Floats b = load(from + kLanes);
    even = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
    odd = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}

/// The four bytes of the book's values apart, each picked for 32 codes at once, and put together again: in
/// the first step for a block's high codes, in the second for the low ones. A vector has four neighbours of
/// each half of the block's bytes.
class Nf4Lookup {
public:
    LLAMAHOME_MEMBER Nf4Lookup() {
        for (Index i = 0; i < 4; ++i) {
            std::uint8_t bytes[kCodes];
            for (Index code = 0; code < kCodes; ++code)
                bytes[code] = reinterpret_cast<const std::uint8_t*>(kNf4Book + code)[i];
            m_bytes[i] =
                _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
        }
    }

    template <Index kStep>
    LLAMAHOME_MEMBER Picked pick(const std::uint8_t* block) const {
        const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block));
        const __m256i codes =
            _mm256_and_si256(kStep == 0 ? _mm256_srli_epi16(bytes, 4) : bytes, _mm256_set1_epi8(15));
        const __m256i low = _mm256_shuffle_epi8(m_bytes[0], codes);
        const __m256i second = _mm256_shuffle_epi8(m_bytes[1], codes);
        const __m256i third = _mm256_shuffle_epi8(m_bytes[2], codes);
        const __m256i high = _mm256_shuffle_epi8(m_bytes[3], codes);
        Picked picked;
        join(_mm256_unpacklo_epi8(low, second), _mm256_unpacklo_epi8(third, high), picked.parts);
        join(_mm256_unpackhi_epi8(low, second), _mm256_unpackhi_epi8(third, high), picked.parts + 2);
        return picked;
    }

private:
    LLAMAHOME_MEMBER static void join(__m256i low, __m256i high, Floats* values) {
        values[0] = reinterpret_cast<Floats>(_mm256_unpacklo_epi16(low, high));
        values[1] = reinterpret_cast<Floats>(_mm256_unpackhi_epi16(low, high));
    }

    __m256i m_bytes[4];
};

template <typename T>
LLAMAHOME_INLINE void arrangeBlock(const T* from, float* to) {
    Floats even[4], odd[4];
    for (Index i = 0; i < 4; ++i)
        loadPairs(from + 2 * i * kLanes, even[i], odd[i]);
    const auto putHalves = [to](Index vector, Floats a, Floats b) {
        store(to + vector * kLanes, __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11));
        store(to + (vector + 1) * kLanes, __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15));
    };
    putHalves(0, even[0], even[2]);
    putHalves(2, even[1], even[3]);
    putHalves(4, odd[0], odd[2]);
    putHalves(6, odd[1], odd[3]);
}

#else

/// Both values of every byte.
struct BytePairs {
    float values[256][2];
};

constexpr BytePairs bytePairs() {
    BytePairs pairs{};
    for (Index byte = 0; byte < 256; ++byte) {
        pairs.values[byte][0] = kNf4Book[byte >> 4];
        pairs.values[byte][1] = kNf4Book[byte & 15];
    }
    return pairs;
}

constexpr BytePairs kBytePairs = bytePairs();

/// A look into a table for every byte; values keep their order.
class Nf4Lookup {
public:
    template <Index kStep>
    LLAMAHOME_MEMBER Picked pick(const std::uint8_t* block) const {
        Picked picked;
        LLAMAHOME_UNROLL
        for (Index i = 0; i < kPickedVectors; ++i) {
            const std::uint8_t* const bytes = block + (kStep * kPickedVectors + i) * (kLanes / 2);
            float values[kLanes];
            for (Index j = 0; j < kLanes / 2; ++j)
                __builtin_memcpy(values + 2 * j, kBytePairs.values[bytes[j]], 2 * sizeof(float));
            picked.parts[i] = load(values);
        }
        return picked;
    }
};

template <typename T>
LLAMAHOME_INLINE void arrangeBlock(const T* from, float* to) {
    for (Index i = 0; i < kNf4Block; i += kLanes)
        store(to + i, load(from + i));
}

#endif

} // namespace
} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
