// KvCache: keys (after RoPE) and values of a growing context, shaped for grouped-query attention. Engine
// thread.
//
// Every head of every layer has address space for the model's whole context; memory is taken block by block
// as the context grows. So what is there is never copied, and a head's keys are always one matrix. That is so
// in the processor's memory; layers on another device have tensors there, which double as they grow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include <ATen/core/Tensor.h>

#include "llama/infer/context_memory.h"
#include "llama/nn/address_space.h"

namespace llamahome::engine {

class KvCache {
public:
    /// For at most `config.max_position_embeddings` tokens. std::bad_alloc where there is no address space.
    KvCache(const formats::ModelConfig& config, at::ScalarType dtype);

    /// Tokens held; the same in every layer between forward passes.
    std::int64_t length() const { return m_length; }
    /// Bytes of memory taken so far; never less when the context gets shorter.
    std::uint64_t bytes() const;

    struct Context {
        at::Tensor keys;   ///< [kv heads, context, head_dim]
        at::Tensor values; ///< [kv heads, context, head_dim]
    };
    /// Appends the new tokens' keys and values [kv heads, new, head_dim] of one layer; returns all of it. It
    /// lies on the device of the first that were appended.
    Context append(std::int64_t layer, const at::Tensor& keys, const at::Tensor& values);
    /// Ends a forward pass that appended `count` tokens to every layer.
    void advance(std::int64_t count) { m_length += count; }
    /// Forgets all but the first `length` tokens.
    void truncate(std::int64_t length);

    /// Takes memory for `tokens` in all. std::bad_alloc where the system gives none, or beyond the limit.
    void reserve(std::int64_t tokens);
    /// Tokens that a head has address space for; no less than the model's context.
    std::int64_t headTokens() const;
    /// All of a layer's keys and of its values [kv heads, headTokens(), head_dim], contiguous. Only reserved
    /// tokens may be touched.
    std::pair<at::Tensor, at::Tensor> space(std::int64_t layer) const;
    /// A head's first key or value; the others follow, head_dim elements each.
    std::byte* keys(std::int64_t layer, std::int64_t head) const { return place(layer, 0, head); }
    std::byte* values(std::int64_t layer, std::int64_t head) const { return place(layer, 1, head); }

private:
    /// As append(), in tensors of the layer's own, which are made anew, and copied, as they grow.
    Context appendOnDevice(std::int64_t layer, const at::Tensor& keys, const at::Tensor& values);
    std::byte* place(std::int64_t layer, std::int64_t part, std::int64_t head) const;
    at::Tensor view(std::byte* first, std::int64_t tokens) const;
    std::size_t tokenBytes() const; ///< of one head's key or value

    formats::ModelConfig m_config;
    at::ScalarType m_dtype;
    std::size_t m_headBytes; ///< address space of one head's keys or values
    AddressSpace m_space;
    std::int64_t m_capacity = 0; ///< tokens that there is memory for
    std::int64_t m_length = 0;
    std::map<std::int64_t, Context> m_onDevices; ///< of layers elsewhere, with room for more than m_length
};

} // namespace llamahome::engine
