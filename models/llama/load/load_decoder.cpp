#include "llama/load/load_decoder.h"

#include <map>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/ones.h>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/bitsandbytes/quantised_weights.h"
#include "formats/hub/model_weights.h"
#include "formats/hub/tensor_names.h"
#include "formats/safetensors/safetensors_reader.h"
#include "llama/fast/fast_layer.h"
#include "llama/quant/quantise.h"
#include "llama/quant/quantising_weights.h"

namespace llamahome::engine {
namespace {

using formats::DType;
using formats::TensorInfo;
using formats::TensorSource;
constexpr const char* kEmbedding = "model.embed_tokens.weight";

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
    // What is cast is read: the pages of a map would stay in memory beside the copy.
    if (const auto mapped = source.mapped(info); stored == dtype && !mapped.empty()) {
        auto* bytes = const_cast<std::byte*>(mapped.data()); // frozen: nothing writes to it
        return at::from_blob(bytes, info.shape, stored);
    }
    at::Tensor tensor = at::empty(info.shape, stored);
    auto* bytes = static_cast<std::byte*>(tensor.mutable_data_ptr());
    if (auto read = source.read(info, {bytes, info.byteSize()}); !read) return read.error();
    return tensor.to(dtype);
}

/// A model's tensors on their way into layers; the matrices of projections are in one of two maps.
struct LoadedTensors {
    NamedTensors dense;
    std::map<std::string, formats::QuantisedMatrix, std::less<>> quantised;
};

Result<void> onAllThreads(std::size_t count, const std::function<void(std::size_t)>& work) {
    at::parallel_for(0, static_cast<std::int64_t>(count), 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i)
            work(static_cast<std::size_t>(i));
    });
    return {};
}

class Loader {
public:
    /// `before` holds matrices that were quantised before; may be null.
    Loader(TensorSource& source, TensorSource* before, at::ScalarType dtype,
           std::optional<formats::Quantisation> format)
        : m_source(source)
        , m_before(before)
        , m_dtype(dtype)
        , m_format(format) {}

    Result<LoadedTensors> load(const std::vector<TensorInfo>& expected, const CancelToken& cancel,
                               const ProgressSink& progress) {
        LoadedTensors tensors;
        Progress state{"loading the model", 0, 0, "bytes"};
        for (const TensorInfo& wanted : expected)
            state.total += m_source.find(wanted.name)->byteSize();
        for (const TensorInfo& wanted : expected) {
            if (cancel.isCancelled()) return Error{codes::kCancelled, "loading the model was stopped"};
            const TensorInfo& found = *m_source.find(wanted.name);
            if (isQuantisedWeight(found) && isQuantised(found)) {
                auto matrix = quantisedMatrix(found);
                if (!matrix) return matrix.error();
                tensors.quantised.emplace(wanted.name, std::move(*matrix));
            } else {
                auto tensor = loadTensor(m_source, found, m_dtype);
                if (!tensor) return tensor.error();
                tensors.dense.emplace(wanted.name, std::move(*tensor));
            }
            state.done += found.byteSize();
            if (progress) progress(state);
        }
        return tensors;
    }

private:
    bool isStoredQuantised(const TensorInfo& tensor) const {
        return m_source.quantised() != nullptr && m_source.quantised()->formatOf(tensor);
    }
    bool isQuantised(const TensorInfo& tensor) const { return m_format || isStoredQuantised(tensor); }

    Result<formats::QuantisedMatrix> quantisedMatrix(const TensorInfo& tensor) {
        if (isStoredQuantised(tensor)) return m_source.quantised()->matrix(tensor);
        if (m_before != nullptr && m_before->quantised() != nullptr) {
            const TensorInfo* const there = m_before->find(tensor.name);
            if (there != nullptr && there->shape == tensor.shape &&
                m_before->quantised()->formatOf(*there) == m_format)
                return m_before->quantised()->matrix(*there);
        }
        m_buffer.resize(static_cast<std::size_t>(tensor.byteSize())); // not mapped: its pages would stay
        if (auto read = m_source.read(tensor, m_buffer); !read) return read.error();
        return quantise(*m_format, tensor, m_buffer, onAllThreads);
    }

    TensorSource& m_source;
    TensorSource* m_before;
    at::ScalarType m_dtype;
    std::optional<formats::Quantisation> m_format;
    std::vector<std::byte> m_buffer;
};

LayerWeights takeLayer(LoadedTensors& tensors, std::int64_t index,
                       const std::shared_ptr<UnpackBuffer>& buffer, bool int8Products) {
    // A bias that the model has not stays undefined.
    const auto take = [&](const std::string& name) {
        auto node = tensors.dense.extract(name);
        return node.empty() ? at::Tensor() : std::move(node.mapped());
    };
    const std::string prefix = "model.layers." + std::to_string(index) + ".";
    LayerWeights weights;
    weights.input_layernorm = take(prefix + "input_layernorm.weight");
    weights.post_attention_layernorm = take(prefix + "post_attention_layernorm.weight");
    for (const Projection projection : kProjections) {
        const std::string module = moduleName(index, projection);
        FrozenLinear& linear = weights.projections[static_cast<std::size_t>(projection)];
        if (auto matrix = tensors.quantised.extract(module + ".weight"); !matrix.empty())
            linear = FrozenLinear(QuantisedWeight(std::move(matrix.mapped()), buffer,
                                                  int8Products && projection != Projection::Down),
                                  take(module + ".bias"));
        else
            linear = FrozenLinear(take(module + ".weight"), take(module + ".bias"));
    }
    return weights;
}

std::unique_ptr<Decoder> assemble(const formats::ModelConfig& config, LoadedTensors tensors,
                                  std::shared_ptr<void> storage, LayerPath path, bool int8Products) {
    const auto buffer = std::make_shared<UnpackBuffer>(tensors.dense.at(kEmbedding).scalar_type());
    std::vector<std::unique_ptr<DecoderLayer>> layers;
    for (std::int64_t i = 0; i < config.num_hidden_layers; ++i)
        if (path == LayerPath::Fast)
            layers.push_back(std::make_unique<FastLayer>(i, takeLayer(tensors, i, buffer, int8Products)));
        else
            layers.push_back(std::make_unique<PlainLayer>(i, takeLayer(tensors, i, buffer, int8Products)));
    OuterWeights outer{tensors.dense.at(kEmbedding), tensors.dense.at("model.norm.weight"), {}};
    outer.lm_head = config.tie_word_embeddings ? outer.embed_tokens : tensors.dense.at("lm_head.weight");
    return std::make_unique<Decoder>(config, std::move(outer), std::move(layers), std::move(storage), path);
}

} // namespace

Result<std::unique_ptr<Decoder>> loadDecoder(const std::filesystem::path& folder, at::ScalarType dtype,
                                             const CancelToken& cancel, const ProgressSink& progress,
                                             LayerPath path, const QuantisedLoad& quantised) {
    const auto config = formats::readModelConfig(folder / "config.json");
    if (!config) return config.error();
    auto opened = formats::openModelWeights(folder);
    if (!opened) return opened.error();
    std::shared_ptr<TensorSource> source = std::move(*opened);
    const std::vector<TensorInfo> expected = formats::expectedTensors(*config);
    if (auto checked = formats::checkModelTensors(*source, *config, displayPath(folder)); !checked)
        return checked.error();
    if (auto checked = checkTypes(*source, expected); !checked) return checked.error();
    std::shared_ptr<TensorSource> before;
    if (quantised.format && !quantised.file.empty()) {
        auto stored = formats::SafetensorsReader::open(quantised.file);
        if (!stored) return stored.error();
        auto view = formats::QuantisedWeights::over(std::move(*stored), displayPath(quantised.file));
        if (!view) return view.error();
        before = std::move(*view);
    }
    auto tensors = Loader(*source, before.get(), dtype, quantised.format).load(expected, cancel, progress);
    if (!tensors) return tensors.error();
    using Sources = std::pair<std::shared_ptr<TensorSource>, std::shared_ptr<TensorSource>>;
    auto storage = std::make_shared<Sources>(std::move(source), std::move(before));
    return assemble(*config, std::move(*tensors), std::move(storage), path, quantised.int8Products);
}

std::unique_ptr<Decoder> randomDecoder(const formats::ModelConfig& config, at::ScalarType dtype,
                                       std::uint64_t seed) {
    const at::Generator generator = at::detail::createCPUGenerator(seed);
    LoadedTensors tensors;
    for (const TensorInfo& info : formats::expectedTensors(config)) {
        const bool isNorm = info.shape.size() == 1 && info.name.ends_with(".weight");
        at::Tensor tensor = isNorm ? at::ones(info.shape, at::kFloat)
                                   : at::empty(info.shape, at::kFloat).normal_(0.0, 0.02, generator);
        tensors.dense.emplace(info.name, tensor.to(dtype));
    }
    return assemble(config, std::move(tensors), nullptr, LayerPath::Fast, /*int8Products=*/false);
}

} // namespace llamahome::engine
