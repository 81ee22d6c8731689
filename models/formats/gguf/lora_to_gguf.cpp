#include "formats/gguf/lora_to_gguf.h"

#include <algorithm>

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "formats/gguf/gguf_reader.h"
#include "formats/gguf/gguf_writer.h"
#include "formats/hub/head_rows.h"
#include "formats/hub/tensor_names.h"

namespace llamahome::formats {
namespace {

/// llama.cpp multiplies B·A with alpha/r, r that of the pair; an alpha of 0 means 1 to it.
double writtenAlpha(const PeftAdapter& adapter) {
    const LoraPair& first = adapter.pairs.front();
    const double alpha = adapter.scaling(first) * static_cast<double>(first.r);
    return alpha == 0.0 ? static_cast<double>(first.r) : alpha;
}

GgufPairs pairsOf(const PeftAdapter& adapter, const GgufAdapterOptions& options) {
    GgufPairs pairs;
    pairs.addText("general.architecture", "llama");
    pairs.addText("general.type", "adapter");
    if (!options.name.empty()) pairs.addText("general.name", options.name);
    if (!adapter.baseModel.empty()) {
        pairs.add("general.base_model.count", std::uint32_t{1});
        pairs.addText("general.base_model.0.name", adapter.baseModel);
    }
    pairs.add("general.file_type", static_cast<std::uint32_t>(options.type));
    pairs.addText("adapter.type", "lora");
    pairs.add("adapter.lora.alpha", static_cast<float>(writtenAlpha(adapter)));
    return pairs;
}

/// Two tensors for each pair, in its order.
Result<std::vector<GgufPlanned>> planOf(const PeftAdapter& adapter, const ModelConfig& base,
                                        const GgufAdapterOptions& options) {
    const bool isPlain = options.type == GgufFileType::F32 || options.type == GgufFileType::F16 ||
                         options.type == GgufFileType::BF16;
    if (!isPlain)
        return Error{codes::kExportKind, "found the type " + std::string(ggufFileTypeName(options.type)) +
                                             " for an adapter, expected F32, F16 or BF16"};
    if (adapter.pairs.empty() || !adapter.biases.empty())
        return Error{codes::kExportKind,
                     "found an adapter " +
                         (adapter.pairs.empty() ? std::string("without matrices")
                                                : "with a bias for " + adapter.biases.front().module) +
                         ", which a GGUF adapter cannot hold; export it merged into its model instead"};
    const std::vector<TensorInfo> matrices = expectedTensors(base);
    const BlockType* const type = &ggufMainPacking(options.type);
    std::vector<GgufPlanned> plan;
    for (const LoraPair& pair : adapter.pairs) {
        const std::string hubName = pair.module + ".weight";
        const auto matrix = std::find_if(matrices.begin(), matrices.end(),
                                         [&](const TensorInfo& tensor) { return tensor.name == hubName; });
        const std::vector<std::int64_t> shape{pair.outFeatures, pair.inFeatures};
        if (matrix == matrices.end() || matrix->shape != shape)
            return Error{codes::kExportCheck,
                         "adapter " + quotedText(pair.module) + ": found " + shapeText(shape) +
                             ", for which the base model has no matrix; choose its base"};
        const std::string name = *translateName(hubName, NameStyle::Hub, NameStyle::Gguf);
        plan.push_back({name + ".lora_a", {pair.r, pair.inFeatures}, type});
        plan.push_back({name + ".lora_b", {pair.outFeatures, pair.r}, type});
    }
    return plan;
}

/// B as it is stored: rows in GGUF's order, with what one alpha for all pairs cannot say.
std::vector<float> storedB(const LoraPair& pair, const PeftAdapter& adapter, const ModelConfig& base) {
    std::vector<float> values = pair.loraB;
    const double factor = adapter.scaling(pair) * static_cast<double>(pair.r) / writtenAlpha(adapter);
    if (factor != 1.0)
        for (float& value : values)
            value = static_cast<float>(static_cast<double>(value) * factor);
    if (const std::int64_t heads = interleavedHeads(pair.module + ".weight", base); heads > 0)
        interleaveHeadRows(std::as_writable_bytes(std::span(values)), heads, base.head_dim);
    return values;
}

} // namespace

Result<std::uint64_t> ggufAdapterBytes(const PeftAdapter& adapter, const ModelConfig& base,
                                       const GgufAdapterOptions& options) {
    const auto plan = planOf(adapter, base, options);
    if (!plan) return plan.error();
    return ggufFileBytes(pairsOf(adapter, options), *plan);
}

Result<void> writeGgufAdapter(FileLayer& files, const std::filesystem::path& target,
                              const PeftAdapter& adapter, const ModelConfig& base,
                              const GgufAdapterOptions& options) {
    const auto plan = planOf(adapter, base, options);
    if (!plan) return plan.error();
    auto writer = GgufWriter::create(files, target, pairsOf(adapter, options), *plan);
    if (!writer) return writer.error();
    for (std::size_t i = 0; i < adapter.pairs.size(); ++i) {
        const LoraPair& pair = adapter.pairs[i];
        const std::vector<float> b = storedB(pair, adapter, base);
        const auto write = [&](const GgufPlanned& tensor, const std::vector<float>& values) {
            return (*writer)->write(tensor.info(), std::as_bytes(std::span(values)));
        };
        if (auto done = write((*plan)[2 * i], pair.loraA); !done) return done;
        if (auto done = write((*plan)[2 * i + 1], b); !done) return done;
    }
    if (auto finished = (*writer)->finish(); !finished) return finished;
    const auto reader = GgufReader::open(target);
    return reader ? Result<void>() : Result<void>(reader.error());
}

} // namespace llamahome::formats
