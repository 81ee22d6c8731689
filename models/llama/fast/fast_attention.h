// Causal grouped-query attention by the engine's own kernels, shared among the threads of the OpenMP team.
// Engine thread.
//
// The numbers do not depend on how many threads there are: what is summed by one thread is decided by shapes.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "llama/kernels/attention_types.h"
#include "llama/nn/products.h"
#include "llama/nn/workspace.h"

namespace llamahome::engine {

struct AttentionInput {
    at::Tensor q; ///< [kv heads, query rows, head_dim], rotated
    at::Tensor k; ///< [kv heads, key tokens, head_dim], rotated
    at::Tensor v; ///< [kv heads, key tokens, head_dim]
};

/// What attentionInto() keeps of every query row for its backward: SoftmaxRow [kv heads, query rows].
at::Tensor takeSoftmaxRows(const AttentionShape& shape, Workspace& workspace);

/// `out` [kv heads, query rows, head_dim] and `softmaxRows` (takeSoftmaxRows()). A token attends to its
/// own row of `cu_seqlens` up to itself, and to all of `keysBefore` keys that lie before those of the tokens;
/// there is one row then.
void attentionInto(const AttentionShape& shape, const AttentionInput& input,
                   const std::vector<std::int64_t>& cu_seqlens, std::int64_t keysBefore,
                   const at::Tensor& out, const at::Tensor& softmaxRows, Products& products,
                   Workspace& workspace);

/// Gradients of q, k and v into `gradient`, of one type, for dout, the gradient of `out`.
void attentionBackwardInto(const AttentionShape& shape, const AttentionInput& input,
                           const std::vector<std::int64_t>& cu_seqlens, const at::Tensor& out,
                           const at::Tensor& softmaxRows, const at::Tensor& dout,
                           const AttentionInput& gradient, Products& products, Workspace& workspace);

} // namespace llamahome::engine
