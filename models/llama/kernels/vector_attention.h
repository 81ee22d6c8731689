// One token's attention over the cache in parts (online softmax), for one instruction set; see lanes.h.
#pragma once

#include "llama/kernels/vector_products.h"

namespace llamahome::engine::LLAMAHOME_CPU_LEVEL {
namespace {

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
            dotStep<true>(i, head.headDim, key, 0, rows, sums);
        if (i < head.headDim) dotStep<false>(i, head.headDim, key, 0, rows, sums);
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

} // namespace
} // namespace llamahome::engine::LLAMAHOME_CPU_LEVEL
