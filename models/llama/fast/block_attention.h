// Causal grouped-query attention in blocks of query rows, forward and backward, by batched products. Engine
// thread.
//
// Heads lie head-major: queries [kv heads, tokens · heads per kv head, head_dim], keys and values
// [kv heads, tokens, head_dim]; so that all query heads of a key head are one product. Scores exist for one
// block of query rows at a time, over the keys that it sees.
//
// Scores lie in the compute type between product and softmax: in bfloat16 they are rounded, as in
// transformers' eager attention, where a flash kernel would keep fp32.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "llama/kernels/row_kernels.h"
#include "llama/nn/products.h"
#include "llama/nn/workspace.h"

namespace llamahome::engine {

struct AttentionShape {
    std::int64_t tokens;
    std::int64_t keyHeads;
    std::int64_t perKeyHead; ///< query heads that share a key head
    std::int64_t headDim;

    HeadShape queries() const { return {tokens, keyHeads, perKeyHead, headDim}; }
    HeadShape keys() const { return {tokens, keyHeads, 1, headDim}; }
    std::int64_t queryRows() const { return tokens * perKeyHead; }
};

struct AttentionInput {
    at::Tensor q; ///< [kv heads, query rows, head_dim], rotated
    at::Tensor k; ///< [kv heads, tokens, head_dim], rotated
    at::Tensor v; ///< [kv heads, tokens, head_dim]
};

/// What blockAttention() keeps of every query row for its backward: SoftmaxRow [kv heads, query rows].
at::Tensor takeSoftmaxRows(const AttentionShape& shape, Workspace& workspace);

/// `out` [kv heads, query rows, head_dim] and `softmaxRows` (takeSoftmaxRows()). A token attends to its
/// own row of `cu_seqlens` up to itself.
void blockAttention(const AttentionShape& shape, const AttentionInput& input,
                    const std::vector<std::int64_t>& cu_seqlens, const at::Tensor& out,
                    const at::Tensor& softmaxRows, Products& products, Workspace& workspace);

/// Gradients of q, k and v into `gradient` for dout, the gradient of `out`; those of k and v are fp32.
void blockAttentionBackward(const AttentionShape& shape, const AttentionInput& input,
                            const std::vector<std::int64_t>& cu_seqlens, const at::Tensor& out,
                            const at::Tensor& softmaxRows, const at::Tensor& dout,
                            const AttentionInput& gradient, Products& products, Workspace& workspace);

} // namespace llamahome::engine
