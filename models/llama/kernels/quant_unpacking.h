// Reading quantised matrices for one instruction set: blocks of NF4 and rows of int8 as elements of T.
#pragma once

#include "llama/kernels/lanes.h"
#include "llama/kernels/quant_types.h"

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

using formats::kNestedBlock;
using formats::kNf4Block;
using formats::kNf4Book;
using SignedBytes = std::int8_t __attribute__((vector_size(LLAMAHOME_LANES)));

constexpr Index kCodes = 16;
constexpr Index kNf4BlockBytes = kNf4Block / 2;

/// The value as it would be stored: keeps the compiler from fusing the operation before with the one after,
/// which would round once where bitsandbytes rounds twice.
template <typename Value>
LLAMAHOME_INLINE Value rounded(Value value) {
#if defined(__AVX512F__)
    __asm__("" : "+v"(value));
#elif defined(__SSE2__)
    __asm__("" : "+x"(value));
#else
    __asm__("" : "+m"(value));
#endif
    return value;
}

/// What the codes of NF4 stand for in a block of that scale, in elements of T.
template <typename T>
struct Nf4Table {
    T values[kCodes];
};

template <typename T>
LLAMAHOME_INLINE Nf4Table<T> nf4Table(float scale) {
    Nf4Table<T> table;
    for (Index i = 0; i < kCodes; i += kLanes)
        store(table.values + i, load(kNf4Book + i) * scale);
    return table;
}

/// 64 elements of 32 bytes.
template <typename T>
LLAMAHOME_INLINE void unpackBlock(const std::uint8_t* codes, float scale, T* out) {
    const Nf4Table<T> table = nf4Table<T>(scale);
    for (Index i = 0; i < kNf4BlockBytes; ++i) {
        out[2 * i] = table.values[codes[i] >> 4];
        out[2 * i + 1] = table.values[codes[i] & 15];
    }
}

#ifdef __AVX512BW__

/// A permutation of the table: a lane of two halves holds a byte's high code in the low half, its low code in
/// the high one. What lies above a code's four bits is the byte's other code, and picks from the table's
/// second copy.
LLAMAHOME_INLINE void unpackBlock(const std::uint8_t* codes, float scale, Bfloat16* out) {
    const Nf4Table<Bfloat16> half = nf4Table<Bfloat16>(scale);
    const __m512i table =
        _mm512_broadcast_i64x4(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(half.values)));
    for (Index i = 0; i < kNf4BlockBytes; i += 16) {
        const __m512i bytes =
            _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes + i)));
        const __m512i picks = _mm512_or_si512(_mm512_srli_epi32(bytes, 4), _mm512_slli_epi32(bytes, 16));
        _mm512_storeu_si512(out + 2 * i, _mm512_permutexvar_epi16(picks, table));
    }
}

LLAMAHOME_INLINE void unpackBlock(const std::uint8_t* codes, float scale, float* out) {
    const Nf4Table<float> values = nf4Table<float>(scale);
    const __m512 table = _mm512_loadu_ps(values.values);
    for (Index i = 0; i < kNf4BlockBytes; i += 8) {
        const __m512i bytes =
            _mm512_cvtepu8_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes + i)));
        const __m512i picks = _mm512_or_si512(_mm512_srli_epi64(bytes, 4), _mm512_slli_epi64(bytes, 32));
        _mm512_storeu_ps(out + 2 * i, _mm512_permutexvar_ps(picks, table));
    }
}

#elif defined(__AVX2__)

/// The table's low and high bytes are picked apart and put together again.
LLAMAHOME_INLINE void unpackBlock(const std::uint8_t* codes, float scale, Bfloat16* out) {
    const Nf4Table<Bfloat16> table = nf4Table<Bfloat16>(scale);
    std::uint8_t lowBytes[kCodes];
    std::uint8_t highBytes[kCodes];
    for (Index i = 0; i < kCodes; ++i) {
        lowBytes[i] = static_cast<std::uint8_t>(table.values[i].bits);
        highBytes[i] = static_cast<std::uint8_t>(table.values[i].bits >> 8);
    }
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(lowBytes));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(highBytes));
    const __m128i fourBits = _mm_set1_epi8(15);
    for (Index i = 0; i < kNf4BlockBytes; i += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes + i));
        const __m128i first = _mm_and_si128(_mm_srli_epi16(bytes, 4), fourBits);
        const __m128i second = _mm_and_si128(bytes, fourBits);
        const __m128i picks[2] = {_mm_unpacklo_epi8(first, second), _mm_unpackhi_epi8(first, second)};
        for (Index j = 0; j < 2; ++j) {
            const __m128i lows = _mm_shuffle_epi8(low, picks[j]);
            const __m128i highs = _mm_shuffle_epi8(high, picks[j]);
            auto* to = reinterpret_cast<__m128i*>(out + 2 * i + 16 * j);
            _mm_storeu_si128(to, _mm_unpacklo_epi8(lows, highs));
            _mm_storeu_si128(to + 1, _mm_unpackhi_epi8(lows, highs));
        }
    }
}

#endif

LLAMAHOME_INLINE float scaleOfBlock(const QuantisedView& matrix, Index block) {
    if (matrix.absmax != nullptr) return matrix.absmax[block];
    const float scale =
        rounded(matrix.nestedBook[matrix.absmaxCodes[block]] * matrix.nestedAbsmax[block / kNestedBlock]);
    return scale + matrix.nestedOffset;
}

/// Elements [begin, end) of the whole matrix.
template <typename T>
LLAMAHOME_INLINE void unpackNf4(const QuantisedView& matrix, Index begin, Index end, T* out) {
    const Index lastByte = (matrix.rows * matrix.columns + 1) / 2;
    while (begin < end) {
        const Index block = begin / kNf4Block;
        const Index skipped = begin % kNf4Block;
        const Index left = kNf4Block - skipped < end - begin ? kNf4Block - skipped : end - begin;
        const std::uint8_t* codes = matrix.codes + block * kNf4BlockBytes;
        const float scale = scaleOfBlock(matrix, begin / matrix.block);
        if (left == kNf4Block) {
            unpackBlock(codes, scale, out);
        } else {
            std::uint8_t bytes[kNf4BlockBytes] = {};
            const Index there = lastByte - block * kNf4BlockBytes;
            __builtin_memcpy(bytes, codes,
                             static_cast<std::size_t>(there < kNf4BlockBytes ? there : kNf4BlockBytes));
            T values[kNf4Block];
            unpackBlock(bytes, scale, values);
            __builtin_memcpy(out, values + skipped, static_cast<std::size_t>(left) * sizeof(T));
        }
        begin += left;
        out += left;
    }
}

LLAMAHOME_INLINE Integers asIntegers(SignedBytes bytes) {
#if LLAMAHOME_LANES == 16 && defined(__AVX512F__)
    return reinterpret_cast<Integers>(
        _mm512_cvtepi8_epi32(reinterpret_cast<__m128i>(bytes))); // g++ 12 takes more than one step
#else
    return __builtin_convertvector(bytes, Integers);
#endif
}

LLAMAHOME_INLINE Floats asFloats(const std::uint8_t* codes) {
    SignedBytes bytes;
    __builtin_memcpy(&bytes, codes, sizeof bytes);
    return __builtin_convertvector(asIntegers(bytes), Floats);
}

template <typename T>
LLAMAHOME_INLINE void unpackInt8(const std::uint8_t* codes, float absmax, Index count, T* out) {
    constexpr float kStep = 1.0F / formats::kInt8Codes;
    Index i = 0;
    for (; i + kLanes <= count; i += kLanes)
        store(out + i, asFloats(codes + i) * absmax * kStep);
    if (i == count) return;
    std::uint8_t part[kLanes] = {};
    __builtin_memcpy(part, codes + i, static_cast<std::size_t>(count - i));
    storeSome(out + i, asFloats(part) * absmax * kStep, count - i);
}

template <typename T>
void readRow(const void* self, Index row, Index first, Index count, T* out) {
    const QuantisedView& matrix = *static_cast<const QuantisedView*>(self);
    const Index begin = row * matrix.columns + first;
    if (matrix.format == formats::Quantisation::Int8)
        unpackInt8(matrix.codes + begin, matrix.absmax[row], count, out);
    else
        unpackNf4(matrix, begin, begin + count, out);
}

template <typename T>
void unpack(const QuantisedView& matrix, const MatrixPart& part, T* out, Index stride) {
    for (Index row = part.rowBegin; row < part.rowEnd; ++row, out += stride)
        readRow(&matrix, row, part.columnBegin, part.columnEnd - part.columnBegin, out);
}

} // namespace
} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
