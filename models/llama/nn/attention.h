// Causal grouped-query attention, row by row of a concatenated batch or over a cached context. Engine thread.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace llamahome::engine {

/// q [tokens, heads, head_dim], k and v [tokens, kv heads, head_dim] after RoPE → [tokens, heads · head_dim].
/// A token attends to its own row up to itself. Neighbouring rows of one length share a kernel call.
/// Differentiable in q, k and v.
at::Tensor rowAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                        const std::vector<std::int64_t>& cu_seqlens);

/// q [new, heads, head_dim] over keys and values [kv heads, context, head_dim], whose last `new` entries are
/// the new tokens' own → [new, heads · head_dim].
at::Tensor cachedAttention(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values);

} // namespace llamahome::engine
