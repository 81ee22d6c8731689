// KvCache: keys (after RoPE) and values of a growing context, shaped for grouped-query attention. Engine
// thread.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "formats/hub/model_config.h"

namespace llamahome::engine {

class KvCache {
public:
    KvCache(const formats::ModelConfig& config, at::ScalarType dtype);

    /// Tokens held; the same in every layer between forward passes.
    std::int64_t length() const { return m_length; }

    struct Context {
        at::Tensor keys;   ///< [kv heads, context, head_dim]
        at::Tensor values; ///< [kv heads, context, head_dim]
    };
    /// Appends the new tokens' keys and values [kv heads, new, head_dim] of one layer; returns all of it.
    Context append(std::int64_t layer, const at::Tensor& keys, const at::Tensor& values);
    /// Ends a forward pass that appended `count` tokens to every layer.
    void advance(std::int64_t count) { m_length += count; }

private:
    struct Layer {
        at::Tensor keys;   // [kv heads, capacity, head_dim]
        at::Tensor values; // [kv heads, capacity, head_dim]
    };
    void reserve(Layer& layer, std::int64_t needed) const;

    std::int64_t m_heads;
    std::int64_t m_headDim;
    at::ScalarType m_dtype;
    std::vector<Layer> m_layers;
    std::int64_t m_length = 0;
};

} // namespace llamahome::engine
