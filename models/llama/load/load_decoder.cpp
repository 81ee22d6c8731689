#include "llama/load/load_decoder.h"

#include <map>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/ones.h>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/hub/model_weights.h"
#include "formats/hub/tensor_names.h"
#include "llama/fast/fast_layer.h"

namespace llamahome::engine {
namespace {

using formats::DType;
using formats::TensorInfo;
using formats::TensorSource;
using NamedTensors = std::map<std::string, at::Tensor, std::less<>>;

std::optional<at::ScalarType> scalarType(DType type) {
    switch (type) {
    case DType::F32:
        return at::kFloat;
    case DType::F16:
        return at::kHalf;
    case DType::BF16:
        return at::kBFloat16;
    case DType::F64:
        return at::kDouble;
    default:
        return std::nullopt;
    }
}

Result<void> checkTypes(const TensorSource& source, const std::vector<TensorInfo>& expected) {
    for (const TensorInfo& wanted : expected) {
        const DType found = source.find(wanted.name)->dtype;
        if (!scalarType(found))
            return Error{codes::kModelTensors, "model weights: " + wanted.name + " has type " +
                                                   std::string(formats::dtypeName(found)) +
                                                   ", expected BF16, F16 or F32; use an unquantised model"};
    }
    return {};
}

Result<at::Tensor> loadTensor(TensorSource& source, const TensorInfo& info, at::ScalarType dtype) {
    const at::ScalarType stored = *scalarType(info.dtype);
    const auto mapped = source.mapped(info);
    if (!mapped.empty()) {
        auto* bytes = const_cast<std::byte*>(mapped.data()); // frozen: nothing writes to it
        const at::Tensor view = at::from_blob(bytes, info.shape, stored);
        return stored == dtype ? view : view.to(dtype);
    }
    at::Tensor tensor = at::empty(info.shape, stored);
    auto* bytes = static_cast<std::byte*>(tensor.mutable_data_ptr());
    if (auto read = source.read(info, {bytes, info.byteSize()}); !read) return read.error();
    return tensor.to(dtype);
}

Result<NamedTensors> loadAll(TensorSource& source, const std::vector<TensorInfo>& expected,
                             at::ScalarType dtype, const CancelToken& cancel, const ProgressSink& progress) {
    NamedTensors tensors;
    Progress state{"loading the model", 0, 0, "bytes"};
    for (const TensorInfo& wanted : expected)
        state.total += source.find(wanted.name)->byteSize();
    for (const TensorInfo& wanted : expected) {
        if (cancel.isCancelled()) return Error{codes::kCancelled, "loading the model was stopped"};
        const TensorInfo& found = *source.find(wanted.name);
        auto tensor = loadTensor(source, found, dtype);
        if (!tensor) return tensor.error();
        tensors.emplace(wanted.name, std::move(*tensor));
        state.done += found.byteSize();
        if (progress) progress(state);
    }
    return tensors;
}

LayerWeights takeLayer(NamedTensors& tensors, std::int64_t index) {
    // A bias that the model has not stays undefined.
    const auto take = [&](const std::string& name) {
        auto node = tensors.extract(name);
        return node.empty() ? at::Tensor() : std::move(node.mapped());
    };
    const std::string prefix = "model.layers." + std::to_string(index) + ".";
    LayerWeights weights;
    weights.input_layernorm = take(prefix + "input_layernorm.weight");
    weights.post_attention_layernorm = take(prefix + "post_attention_layernorm.weight");
    for (const Projection projection : kProjections) {
        const std::string module = moduleName(index, projection);
        weights.projections[static_cast<std::size_t>(projection)] =
            FrozenLinear(take(module + ".weight"), take(module + ".bias"));
    }
    return weights;
}

std::unique_ptr<Decoder> assemble(const formats::ModelConfig& config, NamedTensors tensors,
                                  std::shared_ptr<void> storage, LayerPath path) {
    std::vector<std::unique_ptr<DecoderLayer>> layers;
    for (std::int64_t i = 0; i < config.num_hidden_layers; ++i)
        if (path == LayerPath::Fast)
            layers.push_back(std::make_unique<FastLayer>(i, takeLayer(tensors, i)));
        else
            layers.push_back(std::make_unique<PlainLayer>(i, takeLayer(tensors, i)));
    OuterWeights outer{tensors.at("model.embed_tokens.weight"), tensors.at("model.norm.weight"), {}};
    outer.lm_head = config.tie_word_embeddings ? outer.embed_tokens : tensors.at("lm_head.weight");
    return std::make_unique<Decoder>(config, std::move(outer), std::move(layers), std::move(storage), path);
}

} // namespace

Result<std::unique_ptr<Decoder>> loadDecoder(const std::filesystem::path& folder, at::ScalarType dtype,
                                             const CancelToken& cancel, const ProgressSink& progress,
                                             LayerPath path) {
    const auto config = formats::readModelConfig(folder / "config.json");
    if (!config) return config.error();
    auto opened = formats::openModelWeights(folder);
    if (!opened) return opened.error();
    std::shared_ptr<TensorSource> source = std::move(*opened);
    const std::vector<TensorInfo> expected = formats::expectedTensors(*config);
    if (auto checked = formats::checkModelTensors(*source, *config, displayPath(folder)); !checked)
        return checked.error();
    if (auto checked = checkTypes(*source, expected); !checked) return checked.error();
    auto tensors = loadAll(*source, expected, dtype, cancel, progress);
    if (!tensors) return tensors.error();
    return assemble(*config, std::move(*tensors), std::move(source), path);
}

std::unique_ptr<Decoder> randomDecoder(const formats::ModelConfig& config, at::ScalarType dtype,
                                       std::uint64_t seed) {
    const at::Generator generator = at::detail::createCPUGenerator(seed);
    NamedTensors tensors;
    for (const TensorInfo& info : formats::expectedTensors(config)) {
        const bool isNorm = info.shape.size() == 1 && info.name.ends_with(".weight");
        at::Tensor tensor = isNorm ? at::ones(info.shape, at::kFloat)
                                   : at::empty(info.shape, at::kFloat).normal_(0.0, 0.02, generator);
        tensors.emplace(info.name, tensor.to(dtype));
    }
    return assemble(config, std::move(tensors), nullptr, LayerPath::Fast);
}

} // namespace llamahome::engine
