// What the attention kernels take, and their table. Included by code for several instruction sets: nothing
// but <cstddef> and <cstdint>.
#pragma once

#include <cstddef>
#include <cstdint>

#include "llama/kernels/kernel_types.h"

namespace llamahome::engine {

/// What makes the probabilities of a row of scores: exp(score - maximum) · inverseSum.
struct SoftmaxRow {
    float maximum;
    float inverseSum;
};

/// Queries lie head-major [key heads][tokens · perKeyHead][headDim], keys and values [key
/// heads][keyTokens][headDim], so that the query heads of a key head are rows of one product.
struct AttentionShape {
    std::int64_t tokens;
    std::int64_t keyTokens; ///< at least `tokens`; more where keys from before are there
    std::int64_t keyHeads;
    std::int64_t perKeyHead; ///< query heads that share a key head
    std::int64_t headDim;

    HeadShape queries() const { return {tokens, keyHeads, perKeyHead, headDim}; }
    HeadShape keys() const { return {keyTokens, keyHeads, 1, headDim}; }
    std::int64_t queryRows() const { return tokens * perKeyHead; }
};

/// Queries of one key head: tokens [firstQuery, endQuery). Token t sees the keys from firstKey up to its own,
/// number t + keyOffset.
struct AttentionItem {
    std::int64_t keyHead;
    std::int64_t firstQuery;
    std::int64_t endQuery;
    std::int64_t firstKey;
    std::int64_t keyOffset;
};

template <typename T>
struct AttentionForward {
    AttentionShape shape;
    float scale; ///< of the scores
    const T* q;
    const T* k;
    const T* v;
    T* out;              ///< as q
    SoftmaxRow* softmax; ///< of every query row
};

template <typename T>
struct AttentionBackward {
    AttentionForward<T> forward; ///< with out and softmax as they were made
    const T* dout;
    T* dq;
    float* dk; ///< [key heads][keyTokens][headDim]; added to
    float* dv; ///< [key heads][keyTokens][headDim]; added to
};

/// Causal grouped-query attention without a matrix of scores in memory: keys pass in blocks, the softmax is
/// kept as its maximum and sum (flash attention, arXiv 2205.14135). Scores are fp32; probabilities are
/// rounded to T before they meet values, as in transformers. An item is one thread's.
template <typename T>
struct AttentionKernels {
    /// Tokens whose query rows pass together; an item is best a multiple of it.
    std::int64_t (*blockTokens)(std::int64_t perKeyHead);
    /// Bytes of scratch for items that see up to `keys` keys.
    std::size_t (*forwardScratch)(std::int64_t headDim, std::int64_t perKeyHead, std::int64_t keys);
    std::size_t (*backwardScratch)(std::int64_t headDim, std::int64_t perKeyHead, std::int64_t keys);
    void (*forward)(const AttentionForward<T>& call, const AttentionItem& item, std::byte* scratch);
    void (*backward)(const AttentionBackward<T>& call, const AttentionItem& item, std::byte* scratch);
};

} // namespace llamahome::engine
