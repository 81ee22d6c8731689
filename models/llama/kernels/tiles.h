// Tiles of a matrix product in registers, and the packing that feeds them; what products and attention are
// made of. Included once by each level_*.cpp; see lanes.h.
//
// A tile of kTileVectors vectors of sums stays in registers while the depth runs. The right matrix is packed
// into panels of columns that the tile reads in order; elements of the left are broadcast from where they
// lie.
#pragma once

#include "llama/kernels/lanes.h"
#include "llama/kernels/product_types.h"

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

constexpr Index kPanelVectors = kLanes == 16 ? 4 : 2;
constexpr Index kPanelColumns = kPanelVectors * kLanes;
constexpr Index kTileVectors = kLanes == 16 ? 24 : 12; // sums in registers
constexpr Index kLaneBytes = 4; // of one lane of a packed panel: a float, or a pair of bfloat16

/// Elements are multiplied one by one, in fp32.
struct SingleStep {
    using Left = float;
    using Right = Floats;
    static constexpr Index kElements = 1;

    LLAMAHOME_MEMBER static Right load(const std::byte* from) {
        Right values;
        __builtin_memcpy(&values, from, sizeof values);
        return values;
    }
    LLAMAHOME_MEMBER static Floats broadcast(const Left* from) { return all(*from); }
    LLAMAHOME_MEMBER static Floats multiplyAdd(Floats sum, Floats left, Right right) {
        return sum + left * right;
    }
};

#ifdef __AVX512BF16__
/// Pairs of bfloat16 are multiplied and summed in fp32.
struct PairStep {
    using Left = Bfloat16;
    using Right = __m512bh;
    static constexpr Index kElements = 2;

    LLAMAHOME_MEMBER static Right load(const std::byte* from) {
        return reinterpret_cast<Right>(_mm512_loadu_si512(from));
    }
    LLAMAHOME_MEMBER static Right broadcast(const Left* from) {
        std::int32_t pair;
        __builtin_memcpy(&pair, from, sizeof pair);
        return reinterpret_cast<Right>(_mm512_set1_epi32(pair));
    }
    LLAMAHOME_MEMBER static Floats multiplyAdd(Floats sum, Right left, Right right) {
        return reinterpret_cast<Floats>(_mm512_dpbf16_ps(reinterpret_cast<__m512>(sum), left, right));
    }
};
#endif

template <typename T>
struct StepOf {
    using Type = SingleStep;
};
#ifdef __AVX512BF16__
template <>
struct StepOf<Bfloat16> {
    using Type = PairStep;
};
#endif

template <typename T>
constexpr bool kIsWidened = sizeof(T) != sizeof(typename StepOf<T>::Type::Left);

LLAMAHOME_INLINE Index roundUp(Index value, Index unit) {
    return (value + unit - 1) / unit * unit;
}

template <typename T>
LLAMAHOME_INLINE Index stepsOf(const ProductTerm<T>& term) {
    return (term.depth + StepOf<T>::Type::kElements - 1) / StepOf<T>::Type::kElements;
}

/// Vectors of the narrowest tile that holds the columns.
LLAMAHOME_INLINE Index vectorsFor(Index columns) {
    Index vectors = kPanelVectors;
    while (vectors > 1 && columns <= vectors / 2 * kLanes)
        vectors /= 2;
    return vectors;
}

/// Elements of a left matrix as tiles take them: row r of step s lies at r · row + s · step.
template <typename Step>
struct LeftOf {
    const typename Step::Left* data;
    Index row;
    Index step = Step::kElements;

    LLAMAHOME_MEMBER LeftOf from(Index firstRow, Index firstStep) const {
        return {data + firstRow * row + firstStep * step, row, step};
    }
};

/// sums [kTileVectors / kVectors rows][kVectors vectors] = left · panel over that many steps, added to what
/// they are if it `continues`.
template <typename Step, Index kVectors>
LLAMAHOME_INLINE void tile(LeftOf<Step> left, Index steps, const std::byte* panel, bool continues,
                           float* sums) {
    constexpr Index kRows = kTileVectors / kVectors;
    Floats acc[kRows][kVectors];
    LLAMAHOME_UNROLL
    for (Index r = 0; r < kRows; ++r)
        LLAMAHOME_UNROLL
    for (Index v = 0; v < kVectors; ++v)
        acc[r][v] = continues ? load(sums + (r * kVectors + v) * kLanes) : all(0.0F);
    for (Index s = 0; s < steps; ++s) {
        typename Step::Right right[kVectors];
        LLAMAHOME_UNROLL
        for (Index v = 0; v < kVectors; ++v)
            right[v] = Step::load(panel + (s * kVectors + v) * kLanes * kLaneBytes);
        LLAMAHOME_UNROLL
        for (Index r = 0; r < kRows; ++r) {
            const auto value = Step::broadcast(left.data + r * left.row + s * left.step);
            LLAMAHOME_UNROLL
            for (Index v = 0; v < kVectors; ++v)
                acc[r][v] = Step::multiplyAdd(acc[r][v], value, right[v]);
        }
    }
    LLAMAHOME_UNROLL
    for (Index r = 0; r < kRows; ++r)
        LLAMAHOME_UNROLL
    for (Index v = 0; v < kVectors; ++v)
        store(sums + (r * kVectors + v) * kLanes, acc[r][v]);
}

/// Elements of a row from `first` on into `out`, kept by the bits of the whole row, if there are any.
template <typename T, typename U>
LLAMAHOME_INLINE void copyKept(const T* row, const KeepBits& keep, Index rowNumber, Index first, Index count,
                               U* out) {
    if (keep.bits == nullptr) {
        for (Index i = 0; i < count; i += kLanes)
            storeSome(out + i, loadSome(row + first + i, count - i), count - i);
        return;
    }
    const std::uint8_t* bits = keep.bits + rowNumber * keep.stride;
    const Floats scale = roundTo(row, all(keep.scale));
    for (Index i = 0; i < count; i += kLanes) {
        const Floats values = roundTo(row, loadSome(row + first + i, count - i) * scale);
        storeSome(out + i, choose(lanesKept(bits, first + i), values, all(0.0F)), count - i);
    }
}

/// The part of a stored row of a right matrix as steps take it: where it lies, or made in `buffer`, which
/// holds 2 · kPanelColumns elements.
template <typename T>
LLAMAHOME_INLINE const typename StepOf<T>::Type::Left* storedPart(const RightMatrix<T>& right, Index row,
                                                                  Index first, Index count,
                                                                  typename StepOf<T>::Type::Left* buffer) {
    const bool isMade = right.source.read != nullptr;
    if constexpr (!kIsWidened<T>)
        if (!isMade && right.keep.bits == nullptr) return right.data + row * right.stride + first;
    if (!isMade) {
        copyKept(right.data + row * right.stride, right.keep, row, first, count, buffer);
        return buffer;
    }
    T read[2 * kPanelColumns];
    right.source.read(right.source.self, row, first, count, read);
    for (Index i = 0; i < count; i += kLanes)
        storeSome(buffer + i, loadSome(read + i, count - i), count - i);
    return buffer;
}

LLAMAHOME_INLINE Words wordsOf(const float* from, const float*, Index count) {
    return reinterpret_cast<Words>(loadSome(from, count));
}

LLAMAHOME_INLINE Words wordsOf(const Bfloat16* even, const Bfloat16* odd, Index count) {
    const Words low = reinterpret_cast<Words>(loadSome(even, count)) >> 16;
    return odd == nullptr ? low : low | reinterpret_cast<Words>(loadSome(odd, count));
}

/// The processor finds no order in so many short parts of rows.
template <typename T>
LLAMAHOME_INLINE void prefetchRows(const RightMatrix<T>& right, Index row, Index rows, Index first,
                                   Index count) {
    constexpr Index kLine = 64 / static_cast<Index>(sizeof(T));
    if (right.source.read != nullptr) return;
    for (Index r = row; r < row + rows; ++r)
        for (Index i = first; i < first + count; i += kLine)
            __builtin_prefetch(right.data + r * right.stride + i);
}

/// Right matrix [depth, columns]: the columns of a step lie side by side.
template <typename T, Index kVectors>
LLAMAHOME_INLINE void packRows(const ProductTerm<T>& term, Index firstColumn, Index columns,
                               std::byte* packed) {
    using Step = typename StepOf<T>::Type;
    typename Step::Left buffers[2][2 * kPanelColumns];
    constexpr Index kAhead = 16; // rows
    const Index steps = stepsOf(term);
    for (Index s = 0; s < steps; ++s) {
        const Index row = s * Step::kElements;
        prefetchRows(term.right, row + kAhead, Step::kElements, firstColumn, columns);
        const auto* even = storedPart(term.right, row, firstColumn, columns, buffers[0]);
        const auto* odd = Step::kElements == 2 && row + 1 < term.depth
                              ? storedPart(term.right, row + 1, firstColumn, columns, buffers[1])
                              : nullptr;
        for (Index v = 0; v < kVectors; ++v) {
            const Index left = columns - v * kLanes;
            const Words words =
                left > 0 ? wordsOf(even + v * kLanes, odd == nullptr ? nullptr : odd + v * kLanes, left)
                         : Words{};
            __builtin_memcpy(packed + (s * kVectors + v) * kLanes * kLaneBytes, &words, sizeof words);
        }
    }
}

/// Rows become columns.
LLAMAHOME_INLINE void transposeWords(Words (&rows)[kLanes]) {
#ifdef __AVX512F__
    __m512i a[16];
    __m512i b[16];
    for (int i = 0; i < 16; i += 2) {
        const auto even = reinterpret_cast<__m512i>(rows[i]);
        const auto odd = reinterpret_cast<__m512i>(rows[i + 1]);
        a[i] = _mm512_unpacklo_epi32(even, odd);
        a[i + 1] = _mm512_unpackhi_epi32(even, odd);
    }
    for (int i = 0; i < 16; i += 4)
        for (int j = 0; j < 2; ++j) {
            b[i + 2 * j] = _mm512_unpacklo_epi64(a[i + j], a[i + j + 2]);
            b[i + 2 * j + 1] = _mm512_unpackhi_epi64(a[i + j], a[i + j + 2]);
        }
    for (int j = 0; j < 4; ++j) {
        const __m512i evenLow = _mm512_shuffle_i32x4(b[j], b[4 + j], 0x88);
        const __m512i oddLow = _mm512_shuffle_i32x4(b[j], b[4 + j], 0xdd);
        const __m512i evenHigh = _mm512_shuffle_i32x4(b[8 + j], b[12 + j], 0x88);
        const __m512i oddHigh = _mm512_shuffle_i32x4(b[8 + j], b[12 + j], 0xdd);
        rows[j] = reinterpret_cast<Words>(_mm512_shuffle_i32x4(evenLow, evenHigh, 0x88));
        rows[4 + j] = reinterpret_cast<Words>(_mm512_shuffle_i32x4(oddLow, oddHigh, 0x88));
        rows[8 + j] = reinterpret_cast<Words>(_mm512_shuffle_i32x4(evenLow, evenHigh, 0xdd));
        rows[12 + j] = reinterpret_cast<Words>(_mm512_shuffle_i32x4(oddLow, oddHigh, 0xdd));
    }
#elif defined(__AVX2__)
    __m256i a[8];
    __m256i b[8];
    for (int i = 0; i < 8; i += 2) {
        const auto even = reinterpret_cast<__m256i>(rows[i]);
        const auto odd = reinterpret_cast<__m256i>(rows[i + 1]);
        a[i] = _mm256_unpacklo_epi32(even, odd);
        a[i + 1] = _mm256_unpackhi_epi32(even, odd);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; ++j) {
            b[i + 2 * j] = _mm256_unpacklo_epi64(a[i + j], a[i + j + 2]);
            b[i + 2 * j + 1] = _mm256_unpackhi_epi64(a[i + j], a[i + j + 2]);
        }
    for (int j = 0; j < 4; ++j) {
        rows[j] = reinterpret_cast<Words>(_mm256_permute2x128_si256(b[j], b[4 + j], 0x20));
        rows[4 + j] = reinterpret_cast<Words>(_mm256_permute2x128_si256(b[j], b[4 + j], 0x31));
    }
#else
    Words columns[kLanes];
    for (Index i = 0; i < kLanes; ++i)
        for (Index j = 0; j < kLanes; ++j)
            columns[j][i] = rows[i][j];
    for (Index i = 0; i < kLanes; ++i)
        rows[i] = columns[i];
#endif
}

/// The first `count` elements, the others 0, as the words of a step each.
template <typename Element>
LLAMAHOME_INLINE Words someWords(const Element* from, Index count) {
    constexpr Index kElements = static_cast<Index>(sizeof(Words) / sizeof(Element));
    Words words{};
    if (count >= kElements)
        __builtin_memcpy(&words, from, sizeof words);
    else
        __builtin_memcpy(&words, from, static_cast<std::size_t>(count) * sizeof(Element));
    return words;
}

/// Right matrix stored [columns, depth]: blocks of kLanes columns and steps are turned.
template <typename T, Index kVectors>
LLAMAHOME_INLINE void packColumns(const ProductTerm<T>& term, Index firstColumn, Index columns,
                                  std::byte* packed) {
    using Step = typename StepOf<T>::Type;
    constexpr Index kElements = kLanes * Step::kElements; // of a block's depth
    typename Step::Left buffer[2 * kPanelColumns];
    const Index steps = stepsOf(term);
    for (Index v = 0; v < kVectors; ++v)
        for (Index s = 0; s < steps; s += kLanes) {
            const Index first = s * Step::kElements;
            const Index count = term.depth - first < kElements ? term.depth - first : kElements;
            prefetchRows(term.right, firstColumn + (v + 1) * kLanes, kLanes, first, 1);
            Words words[kLanes];
            for (Index i = 0; i < kLanes; ++i) {
                const Index column = v * kLanes + i;
                words[i] =
                    column < columns
                        ? someWords(storedPart(term.right, firstColumn + column, first, count, buffer), count)
                        : Words{};
            }
            transposeWords(words);
            for (Index i = 0; i < kLanes && s + i < steps; ++i)
                __builtin_memcpy(packed + ((s + i) * kVectors + v) * kLanes * kLaneBytes, &words[i],
                                 sizeof words[i]);
        }
}

/// `columns` columns of a term's right matrix from `firstColumn` on, as tiles of kVectors vectors read them.
template <typename T, Index kVectors>
LLAMAHOME_INLINE void packTerm(const ProductTerm<T>& term, Index firstColumn, Index columns,
                               std::byte* packed) {
    if (term.right.isTransposed)
        packColumns<T, kVectors>(term, firstColumn, columns, packed);
    else
        packRows<T, kVectors>(term, firstColumn, columns, packed);
}

/// Bytes of the left rows of one term, packed.
template <typename T>
LLAMAHOME_INLINE Index packedLeftBytes(Index rows, Index steps) {
    using Step = typename StepOf<T>::Type;
    const Index bytes = Step::kElements * static_cast<Index>(sizeof(typename Step::Left));
    return roundUp(roundUp(rows, kTileVectors) * steps * bytes, 64);
}

/// Rows [first, first + rows) of a term's left matrix, with zeros up to whole tiles and steps, in `packed`.
template <typename T>
LLAMAHOME_INLINE LeftOf<typename StepOf<T>::Type> packLeft(const ProductTerm<T>& term, Index first,
                                                           Index rows, std::byte* packed) {
    using Step = typename StepOf<T>::Type;
    auto* const to = reinterpret_cast<typename Step::Left*>(packed);
    const Index stride = stepsOf(term) * Step::kElements;
    for (Index r = 0; r < rows; ++r) {
        copyKept(term.left + (first + r) * term.leftStride, term.leftKeep, first + r, 0, term.depth,
                 to + r * stride);
        for (Index i = term.depth; i < stride; ++i)
            to[r * stride + i] = {};
    }
    const Index padding = (roundUp(rows, kTileVectors) - rows) * stride;
    __builtin_memset(to + rows * stride, 0, static_cast<std::size_t>(padding) * sizeof(*to));
    return {to, stride};
}

/// Calls work.template run<vectors>() for the tile that holds the columns.
template <typename Work>
LLAMAHOME_INLINE void withVectors(Index columns, const Work& work) {
    switch (vectorsFor(columns)) {
    case 1:
        work.template run<1>();
        break;
    case 2:
        work.template run<2>();
        break;
    default:
        work.template run<kPanelVectors>();
    }
}

LLAMAHOME_INLINE Index columnsOfPanel(Index columns, Index panel) {
    const Index left = columns - panel * kPanelColumns;
    return left < kPanelColumns ? left : kPanelColumns;
}

} // namespace
} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
