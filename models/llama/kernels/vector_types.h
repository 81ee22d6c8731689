// What the vector kernels take, and their table. Included by code for several instruction sets: nothing but
// <cstdint>.
#pragma once

#include <cstdint>

#include "llama/kernels/quant_types.h"

namespace llamahome::engine {

/// Rows of activations that one reading of a weight serves.
inline constexpr std::int64_t kMaxVectorRows = 8;

/// A weight [out, in] as the kernels read it: row after row without gaps.
template <typename T>
struct VectorWeight {
    const T* elements;
    std::int64_t in;
};

/// Rows of activations, `stride` elements apart.
template <typename T>
struct VectorRows {
    const T* first;
    std::int64_t count; ///< 1 to kMaxVectorRows
    std::int64_t stride;
};

/// What is added to a row's sums, in this order and each rounded to T, on the way to an activation. Null: not
/// there.
template <typename T>
struct VectorAddends {
    const T* bias;        ///< [out], added before the first rounding
    const T* adapterBias; ///< [out]
    const T* low;         ///< A x [rank] of an adapter
    const T* lowB;        ///< its B, transposed: [rank, out]
    std::int64_t rank;
    float lowScale;
    const T* residual; ///< [out]
};

/// The query heads of one token that share a key head, and what that holds of the context.
template <typename T>
struct VectorAttention {
    const T* queries; ///< [queryCount, headDim], rotated
    const T* keys;    ///< [context, headDim], rotated
    const T* values;  ///< [context, headDim]
    std::int64_t queryCount;
    std::int64_t headDim;
    float scale; ///< of the scores

    /// Floats of one part of the attended: maximum, sum and weighted values of every query.
    std::int64_t partFloats() const { return queryCount * (headDim + 2); }
};

template <typename T>
struct VectorKernels {
    /// sums[r · sumStride + o] = Σ weight[o][i] · x[r][i] for the weight's rows o in [begin, end), in fp32.
    void (*multiply)(std::int64_t begin, std::int64_t end, const VectorWeight<T>& weight,
                     const VectorRows<T>& x, float* sums, std::int64_t sumStride);
    /// The same of a quantised matrix. Values are those of QuantKernels::unpack(), but need not be rounded to
    /// T. `arranged` is memory of the caller's thread for x.count · columns floats, quickest at a multiple of
    /// 64 bytes; what was there is lost.
    void (*multiplyQuantised)(std::int64_t begin, std::int64_t end, const QuantisedView& weight,
                              const VectorRows<T>& x, float* arranged, float* sums, std::int64_t sumStride);
    /// y[o] = sums[o] and the addends, o in [begin, end) of `out` outputs.
    void (*finish)(std::int64_t begin, std::int64_t end, std::int64_t out, const float* sums,
                   const VectorAddends<T>& addends, T* y);
    /// values[i] rounded to T, i in [begin, end).
    void (*round)(std::int64_t begin, std::int64_t end, float* values);
    /// The part of the attended that the tokens [begin, end) of the context give: softmax(scale · q kᵀ) v
    /// with its maximum and its sum still to be put together with other parts' (online softmax).
    void (*attend)(std::int64_t begin, std::int64_t end, const VectorAttention<T>& head, float* part);
    /// `count` parts, one after another → [queryCount, headDim].
    void (*joinParts)(std::int64_t count, const VectorAttention<T>& head, const float* parts, T* attended);
};

} // namespace llamahome::engine
