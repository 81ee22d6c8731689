// Products of an NF4 matrix with a few rows of activations, for one instruction set; see lanes.h.
//
// A block is summed in values of the book and scaled once, which rounds less than unpack() does. The rows of
// activations are put into the order of the values (nf4_lookup.h) once a product.
#pragma once

#include "llama/kernels/nf4_lookup.h"
#include "llama/kernels/vector_products.h"

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

constexpr Index kScalesAtOnce = 16;
constexpr Index kPrefetched = 1024; ///< bytes ahead of a stream

/// Scales of blocks of 64, as scaleOfBlock() gives them, for one stream through a matrix. Where scales are
/// quantised, all that their codes can stand for are made at once, for the 256 blocks that share a scale.
class BlockScales {
public:
    /// Of `count` blocks from `first` on.
    LLAMAHOME_MEMBER void read(const QuantisedView& weight, Index first, Index count, float* scales) {
        if (weight.absmax != nullptr || weight.block != kNf4Block) {
            const Index perScale = weight.block / kNf4Block;
            for (Index i = 0; i < count; ++i)
                scales[i] = scaleOfBlock(weight, perScale == 1 ? first + i : (first + i) / perScale);
            return;
        }
        const std::uint8_t* const codes = weight.absmaxCodes + first;
        for (Index i = 0; i < count;) {
            fill(weight, (first + i) / kNestedBlock);
            const Index left = (m_nested + 1) * kNestedBlock - first;
            for (const Index end = left < count ? left : count; i < end; ++i)
                scales[i] = m_values[codes[i]];
        }
    }

private:
    static constexpr Index kNestedCodes = 256;

    LLAMAHOME_MEMBER void fill(const QuantisedView& weight, Index nested) {
        if (nested == m_nested) return;
        m_nested = nested;
        const Floats factor = all(weight.nestedAbsmax[nested]);
        for (Index i = 0; i < kNestedCodes; i += kLanes)
            store(m_values + i, rounded(load(weight.nestedBook + i) * factor) + weight.nestedOffset);
    }

    Index m_nested = -1; ///< what the values are those of
    float m_values[kNestedCodes];
};

/// sums[o][r] += the values of step kStep of a block · x[r].
template <Index kStep, int kOuts, int kRows>
LLAMAHOME_INLINE void addPicked(const Nf4Lookup& lookup, const std::uint8_t* codes, Index apart,
                                const VectorRows<float>& x, Floats (&sums)[kOuts][kRows]) {
    Picked picked[kOuts];
    LLAMAHOME_UNROLL
    for (int o = 0; o < kOuts; ++o)
        picked[o] = lookup.pick<kStep>(codes + o * apart);
    LLAMAHOME_UNROLL
    for (Index i = 0; i < kPickedVectors; ++i)
        LLAMAHOME_UNROLL
    for (int r = 0; r < kRows; ++r) {
        const Floats value = load(x.first + r * x.stride + kStep * kPickedValues + i * kLanes);
        LLAMAHOME_UNROLL
        for (int o = 0; o < kOuts; ++o)
            sums[o][r] = picked[o].parts[i] * value + sums[o][r];
    }
}

template <int kOuts, int kRows>
LLAMAHOME_INLINE void addBlock(const Nf4Lookup& lookup, const std::uint8_t* codes, Index apart,
                               const VectorRows<float>& x, Floats (&sums)[kOuts][kRows]) {
    LLAMAHOME_UNROLL
    for (int o = 0; o < kOuts; ++o)
        __builtin_prefetch(codes + o * apart + kPrefetched);
    addPicked<0>(lookup, codes, apart, x, sums);
    if constexpr (kPickSteps > 1) addPicked<1>(lookup, codes, apart, x, sums);
    if constexpr (kPickSteps > 2) {
        addPicked<2>(lookup, codes, apart, x, sums);
        addPicked<3>(lookup, codes, apart, x, sums);
    }
}

/// kOuts rows of whole blocks, `apart` rows apart; x is arranged.
template <int kOuts, int kRows>
LLAMAHOME_INLINE void multiplyNf4(const QuantisedView& weight, Index row, Index apart,
                                  const VectorRows<float>& x, BlockScales* scalesOf, float* sums,
                                  Index sumStride) {
    const Nf4Lookup lookup;
    const Index blocks = weight.columns / kNf4Block;
    const std::uint8_t* const codes = weight.codes + row * blocks * kNf4BlockBytes;
    Floats parts[kOuts][kRows] = {};
    for (Index first = 0; first < blocks; first += kScalesAtOnce) {
        const Index count = blocks - first < kScalesAtOnce ? blocks - first : kScalesAtOnce;
        float scales[kOuts][kScalesAtOnce];
        LLAMAHOME_UNROLL
        for (int o = 0; o < kOuts; ++o)
            scalesOf[o].read(weight, (row + o * apart) * blocks + first, count, scales[o]);
        for (Index i = 0; i < count; ++i) {
            Floats block[kOuts][kRows] = {};
            addBlock(lookup, codes + (first + i) * kNf4BlockBytes, apart * blocks * kNf4BlockBytes,
                     {x.first + (first + i) * kNf4Block, kRows, x.stride}, block);
            LLAMAHOME_UNROLL
            for (int o = 0; o < kOuts; ++o)
                LLAMAHOME_UNROLL
            for (int r = 0; r < kRows; ++r)
                parts[o][r] = block[o][r] * all(scales[o][i]) + parts[o][r];
        }
    }
    storeSums(parts, sums, apart, sumStride);
}

template <int kRows, typename T>
LLAMAHOME_INLINE void multiplyNf4Rows(Index begin, Index end, const QuantisedView& weight,
                                      const VectorRows<T>& x, float* arranged, float* sums, Index sumStride) {
    constexpr int kOuts = streams(kRows);
    const Index in = weight.columns;
    for (Index r = 0; r < kRows; ++r)
        for (Index i = 0; i < in; i += kNf4Block)
            arrangeBlock(x.first + r * x.stride + i, arranged + r * in + i);
    const VectorRows<float> rows{arranged, kRows, in};
    BlockScales scales[kOuts];
    overStreams<kOuts>(
        begin, end,
        [&](Index o, Index apart) {
            multiplyNf4<kOuts, kRows>(weight, o, apart, rows, scales, sums + o, sumStride);
        },
        [&](Index o) { multiplyNf4<1, kRows>(weight, o, 0, rows, scales, sums + o, sumStride); });
}

} // namespace
} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
