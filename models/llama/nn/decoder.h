// Decoder: embedding, layers, final norm and head of one loaded model. Engine thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "llama/nn/decoder_layer.h"

namespace llamahome::engine {

/// How layers compute: by local autograd, or by hand on preallocated memory. The first is the other's oracle.
enum class LayerPath { Plain, Fast };

/// Weights outside the layers. With a tied head `lm_head` is `embed_tokens`, or its copy on another device.
struct OuterWeights {
    at::Tensor embed_tokens; ///< [vocab, hidden]
    at::Tensor norm;         ///< [hidden]
    at::Tensor lm_head;      ///< [vocab, hidden]
};

class Decoder {
public:
    /// `storage` keeps alive what the weights are views of (a mapped file).
    Decoder(formats::ModelConfig config, OuterWeights outer,
            std::vector<std::unique_ptr<DecoderLayer>> layers, std::shared_ptr<void> storage, LayerPath path);

    LayerPath path() const { return m_path; }
    const formats::ModelConfig& config() const { return m_config; }
    at::ScalarType dtype() const { return m_outer.embed_tokens.scalar_type(); }
    const OuterWeights& outer() const { return m_outer; }
    const Rope& rope() const { return m_rope; }
    const DecoderLayer& layer(std::int64_t index) const { return *m_layers[static_cast<std::size_t>(index)]; }
    /// Where the last layer, the final norm and the head lie; so do the loss, an adapter and its optimiser.
    at::Device device() const { return m_outer.norm.device(); }
    /// Whether everything lies in the processor's memory.
    bool isOnCpu() const { return m_devices.size() == 1 && m_devices.front().is_cpu(); }
    const std::shared_ptr<void>& storage() const { return m_storage; }
    /// Whether any of its products is made in int8, on the fast path (FrozenLinear).
    bool multipliesInInt8() const { return m_multipliesInInt8; }
    std::int64_t layerCount() const { return static_cast<std::int64_t>(m_layers.size()); }

    /// The shared part of a pass over `batch`: on a workspace, with which the fast path goes, or without.
    PassContext context(const Batch& batch, Products& products, const LoraSet* lora,
                        Workspace* workspace = nullptr) const;
    /// [tokens] → [tokens, hidden], where the embedding lies.
    at::Tensor embed(const Batch& batch) const;
    void embedInto(const Batch& batch, const at::Tensor& out) const;
    /// Hidden states before the final norm [tokens, hidden], without gradients. By the plain path they go
    /// from layer to layer wherever these lie.
    at::Tensor hidden(const Batch& batch, const LoraSet* lora, KvCache* cache, Products& products) const;
    /// All layers' inference on the context's workspace. x [tokens, hidden], which lies there, is overwritten
    /// with what the last layer gives for the batch's predictors [predictors, hidden].
    at::Tensor inferOn(at::Tensor x, const PassContext& context, const LoraSet* lora) const;
    /// Hidden states [rows, hidden] → fp32 logits [rows, vocab].
    at::Tensor logits(const at::Tensor& hidden, Products& products) const;

private:
    formats::ModelConfig m_config;
    OuterWeights m_outer;
    std::vector<std::unique_ptr<DecoderLayer>> m_layers;
    std::shared_ptr<void> m_storage;
    LayerPath m_path;
    std::vector<at::Device> m_devices; ///< of the layers, each once
    Rope m_rope;
    bool m_multipliesInInt8 = false;
};

/// An adapter's matrices of one layer, or none.
const LayerLora& layerLora(const LoraSet* lora, std::int64_t layer);

} // namespace llamahome::engine
