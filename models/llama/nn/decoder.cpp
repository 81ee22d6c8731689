#include "llama/nn/decoder.h"

#include <algorithm>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/index_select.h>

#include "llama/kernels/product_kernels.h"
#include "llama/nn/pass_shapes.h"
#include "llama/nn/rms_norm.h"
#include "llama/nn/workspace.h"

namespace llamahome::engine {
namespace {

std::vector<at::Device> devicesOf(const std::vector<std::unique_ptr<DecoderLayer>>& layers) {
    std::vector<at::Device> devices;
    for (const auto& layer : layers)
        if (std::find(devices.begin(), devices.end(), layer->device()) == devices.end())
            devices.push_back(layer->device());
    return devices;
}

} // namespace

const LayerLora& layerLora(const LoraSet* lora, std::int64_t layer) {
    static const LayerLora kNone;
    return lora != nullptr ? lora->layers[static_cast<std::size_t>(layer)] : kNone;
}

Decoder::Decoder(formats::ModelConfig config, OuterWeights outer,
                 std::vector<std::unique_ptr<DecoderLayer>> layers, std::shared_ptr<void> storage,
                 LayerPath path)
    : m_config(std::move(config))
    , m_outer(std::move(outer))
    , m_layers(std::move(layers))
    , m_storage(std::move(storage))
    , m_path(path)
    , m_devices(devicesOf(m_layers))
    , m_rope(m_config) {
    for (const auto& layer : m_layers)
        for (const FrozenLinear& linear : layer->weights().projections)
            m_multipliesInInt8 = m_multipliesInInt8 || linear.isMultipliedInInt8();
}

PassContext Decoder::context(const Batch& batch, Products& products, const LoraSet* lora,
                             Workspace* workspace) const {
    PassContext context{m_config, batch, products, {}, {}};
    if (workspace != nullptr) {
        const std::int64_t deepest = deepestProduct(m_config, lora != nullptr ? &lora->plan : nullptr);
        const std::size_t bytes = productRoomBytes(at::elementSize(dtype()), deepest, at::get_num_threads(),
                                                   m_multipliesInInt8 ? batch.tokenCount() : 0);
        context.halfRope = m_rope.halfTable(batch, *workspace);
        context.productRoom = workspace->take({static_cast<std::int64_t>(bytes)}, at::kByte);
    } else {
        const RopeTable table = m_rope.table(batch, dtype());
        for (const at::Device device : m_devices)
            context.ropes.push_back(table.on(device));
    }
    context.workspace = workspace;
    if (lora != nullptr) context.loraScale = lora->userScale;
    return context;
}

at::Tensor Decoder::embed(const Batch& batch) const {
    return at::embedding(m_outer.embed_tokens, batch.tokens);
}

void Decoder::embedInto(const Batch& batch, const at::Tensor& out) const {
    at::Tensor target = out;
    at::index_select_out(target, m_outer.embed_tokens, 0, batch.tokens);
}

at::Tensor Decoder::hidden(const Batch& batch, const LoraSet* lora, KvCache* cache,
                           Products& products) const {
    const c10::AutoGradMode inference(false);
    if (lora != nullptr && lora->userScale == 0.0) lora = nullptr;
    PassContext pass = context(batch, products, lora);
    pass.cache = cache;
    at::Tensor x = embed(batch);
    for (std::int64_t i = 0; i < layerCount(); ++i)
        x = layer(i).infer(x.to(layer(i).device()), pass, layerLora(lora, i));
    if (cache != nullptr) cache->advance(batch.tokenCount());
    return x;
}

at::Tensor Decoder::inferOn(at::Tensor x, const PassContext& context, const LoraSet* lora) const {
    for (std::int64_t i = 0; i < layerCount(); ++i) {
        const WorkspaceScope scope(*context.workspace);
        const at::Tensor y = layer(i).infer(x, context, layerLora(lora, i));
        x = x.narrow(0, 0, y.size(0));
        x.copy_(y);
    }
    return x;
}

at::Tensor Decoder::logits(const at::Tensor& hidden, Products& products) const {
    const c10::AutoGradMode inference(false);
    const at::Tensor normed = rmsNorm(hidden, m_outer.norm, m_config.rms_norm_eps);
    return products.linear(normed, m_outer.lm_head).to(at::kFloat);
}

} // namespace llamahome::engine
