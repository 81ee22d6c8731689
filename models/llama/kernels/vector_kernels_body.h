// The kernels of vector_kernels.h for one instruction set; see lanes.h.
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

/// kOuts rows of the weight with kRows of x.
template <int kOuts, int kRows, typename T>
LLAMAHOME_INLINE void multiplyTile(Index in, const T* weight, const VectorRows<T>& x, float* sums,
                                   Index sumStride) {
    constexpr Index kLine = kLineBytes / static_cast<Index>(sizeof(T));
    Floats parts[kOuts][kRows] = {};
    Index i = 0;
    for (; i + kLine <= in; i += kLine) {
        LLAMAHOME_UNROLL
        for (int o = 0; o < kOuts; ++o) // what the next tile reads in this place
            __builtin_prefetch(weight + (kOuts + o) * in + i);
        LLAMAHOME_UNROLL
        for (Index step = 0; step < kLine; step += kDotStep<T>)
            dotStep<true>(i + step, in, weight, x, parts);
    }
    for (; i < in; i += kDotStep<T>)
        dotStep<false>(i, in, weight, x, parts);
    LLAMAHOME_UNROLL
    for (int o = 0; o < kOuts; ++o)
        LLAMAHOME_UNROLL
    for (int r = 0; r < kRows; ++r)
        sums[r * sumStride + o] = sumOf(parts[o][r]);
}

/// kOuts rows of the weight at once are as many streams from memory; their sums fill the registers.
template <int kOuts, int kRows, typename T>
void multiplyOuts(Index begin, Index end, const VectorWeight<T>& weight, const VectorRows<T>& x, float* sums,
                  Index sumStride) {
    Index o = begin;
    for (; o + kOuts <= end; o += kOuts)
        multiplyTile<kOuts, kRows>(weight.in, weight.elements + o * weight.in, x, sums + o, sumStride);
    for (; o < end; ++o)
        multiplyTile<1, kRows>(weight.in, weight.elements + o * weight.in, x, sums + o, sumStride);
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

template <typename T>
void finish(Index begin, Index end, Index out, const float* sums, const VectorAddends<T>& addends, T* y) {
    for (Index o = begin; o < end; o += kLanes) {
        const Index count = end - o;
        Floats value = loadSome(sums + o, count);
        if (addends.bias != nullptr) value += loadSome(addends.bias + o, count);
        value = roundTo(y, value);
        if (addends.adapterBias != nullptr)
            value = roundTo(y, value + loadSome(addends.adapterBias + o, count));
        if (addends.rank > 0) {
            Floats product = all(0.0F);
            for (Index r = 0; r < addends.rank; ++r)
                product += loadSome(addends.lowB + r * out + o, count) * loadSome(addends.low + r, 1)[0];
            value = roundTo(y, value + roundTo(y, roundTo(y, product) * addends.lowScale));
        }
        if (addends.residual != nullptr) value += loadSome(addends.residual + o, count);
        storeSome(y + o, value, count);
    }
}

template <typename T>
void roundValues(Index begin, Index end, float* values) {
    for (Index i = begin; i < end; i += kLanes) {
        const Floats rounded = roundTo(static_cast<const T*>(nullptr), loadSome(values + i, end - i));
        storeSome(values + i, rounded, end - i);
    }
}

constexpr Index kContextTile = 64; ///< tokens whose scores exist at once

/// scores[q][t] of kQueries queries and the keys of `count` tokens.
template <int kQueries, typename T>
LLAMAHOME_INLINE void scoreTile(Index count, const VectorAttention<T>& head, const T* queries, const T* keys,
                                float (&scores)[kQueries][kContextTile]) {
    const VectorRows<T> rows{queries, kQueries, head.headDim};
    for (Index t = 0; t < count; ++t) {
        Floats sums[1][kQueries] = {};
        const T* const key = keys + t * head.headDim;
        Index i = 0;
        for (; i + kDotStep<T> <= head.headDim; i += kDotStep<T>)
            dotStep<true>(i, head.headDim, key, rows, sums);
        if (i < head.headDim) dotStep<false>(i, head.headDim, key, rows, sums);
        LLAMAHOME_UNROLL
        for (int q = 0; q < kQueries; ++q)
            scores[q][t] = sumOf(sums[0][q]) * head.scale;
    }
    LLAMAHOME_UNROLL
    for (int q = 0; q < kQueries; ++q)
        for (Index t = count; t < kContextTile; ++t)
            scores[q][t] = -__builtin_inff();
}

/// Scores of one query become weights relative to the maximum so far, which `state` (maximum, sum, weighted
/// values) takes in; what it held before is made less accordingly.
LLAMAHOME_INLINE void weighTile(float (&scores)[kContextTile], Index headDim, float* state) {
    Floats most = all(state[0]);
    for (Index t = 0; t < kContextTile; t += kLanes)
        most = larger(load(scores + t), most);
    const float maximum = largestOf(most);
    if (maximum > state[0]) {
        const float kept = exponential(all(state[0] - maximum))[0];
        for (Index i = 1; i < headDim + 2; ++i)
            state[i] *= kept;
        state[0] = maximum;
    }
    Floats sum = all(0.0F);
    for (Index t = 0; t < kContextTile; t += kLanes) {
        const Floats weights = exponential(load(scores + t) - maximum);
        store(scores + t, weights);
        sum += weights;
    }
    state[1] += sumOf(sum);
}

/// Adds the values of `count` tokens, weighted, to the states of kQueries queries.
template <int kQueries, typename T>
LLAMAHOME_INLINE void addValues(Index count, const VectorAttention<T>& head, const T* values,
                                const float (&weights)[kQueries][kContextTile], float* states) {
    const Index stride = head.headDim + 2;
    for (Index i = 0; i < head.headDim; i += kLanes) {
        const Index lanes = head.headDim - i;
        Floats sums[kQueries];
        LLAMAHOME_UNROLL
        for (int q = 0; q < kQueries; ++q)
            sums[q] = loadSome(states + q * stride + 2 + i, lanes);
        for (Index t = 0; t < count; ++t) {
            const Floats value = loadSome(values + t * head.headDim + i, lanes);
            LLAMAHOME_UNROLL
            for (int q = 0; q < kQueries; ++q)
                sums[q] += value * weights[q][t];
        }
        LLAMAHOME_UNROLL
        for (int q = 0; q < kQueries; ++q)
            storeSome(states + q * stride + 2 + i, sums[q], lanes);
    }
}

template <int kQueries, typename T>
LLAMAHOME_INLINE void attendTile(Index token, Index count, Index query, const VectorAttention<T>& head,
                                 float* part) {
    float scores[kQueries][kContextTile];
    float* const states = part + query * (head.headDim + 2);
    scoreTile<kQueries>(count, head, head.queries + query * head.headDim, head.keys + token * head.headDim,
                        scores);
    LLAMAHOME_UNROLL
    for (int q = 0; q < kQueries; ++q)
        weighTile(scores[q], head.headDim, states + q * (head.headDim + 2));
    addValues<kQueries>(count, head, head.values + token * head.headDim, scores, states);
}

template <typename T>
void attend(Index begin, Index end, const VectorAttention<T>& head, float* part) {
    for (Index i = 0; i < head.partFloats(); ++i)
        part[i] = i % (head.headDim + 2) == 0 ? -__builtin_inff() : 0.0F;
    for (Index token = begin; token < end; token += kContextTile) {
        const Index count = end - token < kContextTile ? end - token : kContextTile;
        Index query = 0;
        for (; query + 4 <= head.queryCount; query += 4)
            attendTile<4>(token, count, query, head, part);
        const Index left = head.queryCount - query;
        if (left == 3)
            attendTile<3>(token, count, query, head, part);
        else if (left == 2)
            attendTile<2>(token, count, query, head, part);
        else if (left == 1)
            attendTile<1>(token, count, query, head, part);
    }
}

template <typename T>
void joinParts(Index count, const VectorAttention<T>& head, const float* parts, T* attended) {
    const Index partFloats = head.partFloats();
    for (Index query = 0; query < head.queryCount; ++query) {
        const float* const states = parts + query * (head.headDim + 2);
        float maximum = states[0];
        for (Index p = 1; p < count; ++p)
            maximum = states[p * partFloats] > maximum ? states[p * partFloats] : maximum;
        float sum = 0.0F;
        for (Index p = 0; p < count; ++p)
            sum += states[p * partFloats + 1] * exponential(all(states[p * partFloats] - maximum))[0];
        for (Index i = 0; i < head.headDim; i += kLanes) {
            Floats value = all(0.0F);
            for (Index p = 0; p < count; ++p)
                value += loadSome(states + p * partFloats + 2 + i, head.headDim - i) *
                         exponential(all(states[p * partFloats] - maximum));
            storeSome(attended + query * head.headDim + i, value / sum, head.headDim - i);
        }
    }
}

template <typename T>
constexpr VectorKernels<T> kVectorKernels{multiply<T>, finish<T>, roundValues<T>, attend<T>, joinParts<T>};

} // namespace

template <typename T>
const VectorKernels<T>& vectorKernels();
template <>
const VectorKernels<float>& vectorKernels<float>() {
    return kVectorKernels<float>;
}
template <>
const VectorKernels<Bfloat16>& vectorKernels<Bfloat16>() {
    return kVectorKernels<Bfloat16>;
}

} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
