#include "formats/peft/peft_adapter.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <tuple>

#include "core/error_codes.h"
#include "core/json.h"
#include "formats/file_text.h"
#include "formats/hub/tensor_names.h"
#include "formats/peft/peft_config.h"
#include "formats/safetensors/safetensors_reader.h"
#include "formats/safetensors/safetensors_writer.h"
#include "formats/tensor_values.h"

namespace llamahome::formats {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = "base_model.model.";
constexpr std::string_view kLayers = "model.layers.";

Error tensorsError(const fs::path& path, const std::string& text) {
    return Error{codes::kAdapterTensors, displayPath(path) + ": " + text + "; save the adapter again"};
}

/// The layer's number, then the place among the seven projections: the order of pairs.
using ModuleKey = std::tuple<std::int64_t, std::size_t>;

std::optional<ModuleKey> moduleKey(std::string_view module) {
    if (!module.starts_with(kLayers)) return std::nullopt;
    module.remove_prefix(kLayers.size());
    std::int64_t layer = -1;
    const auto parsed = std::from_chars(module.data(), module.data() + module.size(), layer);
    if (parsed.ec != std::errc{} || layer < 0) return std::nullopt;
    module.remove_prefix(static_cast<std::size_t>(parsed.ptr - module.data()));
    const auto& known = projectionModules();
    const auto found = std::find_if(known.begin(), known.end(), [&](const std::string& name) {
        return module.size() == name.size() + 1 && module.front() == '.' && module.ends_with(name);
    });
    if (found == known.end()) return std::nullopt;
    return ModuleKey{layer, static_cast<std::size_t>(found - known.begin())};
}

struct TensorPair {
    std::string module;
    const TensorInfo* a = nullptr;
    const TensorInfo* b = nullptr;
    const TensorInfo* bias = nullptr;
};

/// What a tensor of the file is: "base_model.model.MODULE.lora_A.default.weight", each optional part there or
/// not, or a bias, "MODULE.base_layer.bias" where the module is adapted.
struct TensorName {
    enum class Part { A, B, Bias, Other };
    std::string_view module;
    Part part = Part::Other;
};

TensorName splitName(std::string_view name) {
    using Part = TensorName::Part;
    if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
    for (const auto& [ending, part] : {std::pair{".lora_A.weight", Part::A},
                                       {".lora_A.default.weight", Part::A},
                                       {".lora_B.weight", Part::B},
                                       {".lora_B.default.weight", Part::B},
                                       {".base_layer.bias", Part::Bias},
                                       {".bias", Part::Bias}}) {
        if (!name.ends_with(ending)) continue;
        return {name.substr(0, name.size() - std::string_view(ending).size()), part};
    }
    return {name, Part::Other};
}

Result<std::map<ModuleKey, TensorPair>> pairTensors(const std::vector<TensorInfo>& tensors, bool hasBiases,
                                                    const fs::path& path) {
    std::map<ModuleKey, TensorPair> pairs;
    for (const TensorInfo& tensor : tensors) {
        const auto [module, part] = splitName(tensor.name);
        const auto key = moduleKey(module);
        if (!key || part == TensorName::Part::Other || (part == TensorName::Part::Bias && !hasBiases))
            return Error{codes::kAdapterUnsupported,
                         displayPath(path) + ": found tensor " + quotedText(tensor.name) +
                             ", expected lora_A and lora_B of the seven linear projections" +
                             (hasBiases ? ", or their biases" : "") + "; this adapter cannot be used"};
        TensorPair& pair = pairs[*key];
        pair.module = module;
        const TensorInfo*& slot = part == TensorName::Part::A   ? pair.a
                                  : part == TensorName::Part::B ? pair.b
                                                                : pair.bias;
        if (slot != nullptr)
            return tensorsError(path, "found two tensors for " + quotedText(tensor.name) + ", expected one");
        slot = &tensor;
    }
    if (pairs.empty()) return tensorsError(path, "found no adapter tensors");
    return pairs;
}

/// `r`: the rank that the configuration gives the module.
Result<void> checkPair(const TensorPair& pair, std::int64_t r, const fs::path& path) {
    if (pair.a == nullptr || pair.b == nullptr)
        return tensorsError(path, pair.module + " has no " + (pair.a == nullptr ? "lora_A" : "lora_B"));
    const auto& a = pair.a->shape;
    const auto& b = pair.b->shape;
    if (a.size() != 2 || b.size() != 2 || a[0] != r || b[1] != r || a[1] < 1 || b[0] < 1)
        return tensorsError(path, pair.module + ": found lora_A " + shapeText(a) + " and lora_B " +
                                      shapeText(b) + ", expected rank " + std::to_string(r) + " as in " +
                                      kPeftConfigFile);
    return {};
}

Result<std::vector<float>> readFinite(TensorSource& source, const TensorInfo& tensor, const fs::path& path) {
    auto values = readAsFloats(source, tensor);
    if (!values) return values.error().within(displayPath(path));
    const auto bad =
        std::count_if(values->begin(), values->end(), [](float value) { return !std::isfinite(value); });
    if (bad > 0)
        return Error{codes::kNonFiniteWeights, displayPath(path) + ": tensor " + quotedText(tensor.name) +
                                                   " has " + std::to_string(bad) +
                                                   " values that are no numbers; use an earlier checkpoint"};
    return values;
}

Result<LoraPair> readPair(TensorSource& source, const TensorPair& pair, const PeftConfig& config,
                          std::int64_t layer, const fs::path& path) {
    if (!config.modules.isTarget(pair.module, layer) && config.modules.isDecided())
        return tensorsError(path, "found a pair for " + pair.module + ", which target_modules does not name");
    const std::int64_t r = config.modules.rankOf(pair.module).value_or(config.adapter.r);
    const std::optional<double> alpha = config.modules.alphaOf(pair.module);
    if (!config.modules.isDecided())
        return Error{codes::kAdapterUnsupported,
                     displayPath(path) + ": comparing " + pair.module + " with the expressions of " +
                         kPeftConfigFile + " takes too long; write the names of the modules instead"};
    if (auto checked = checkPair(pair, r, path); !checked) return checked.error();
    auto a = readFinite(source, *pair.a, path);
    if (!a) return a.error();
    auto b = readFinite(source, *pair.b, path);
    if (!b) return b.error();
    return LoraPair{pair.module, r, pair.a->shape[1], pair.b->shape[0], std::move(*a), std::move(*b), alpha};
}

Result<void> addPair(TensorSource& source, const TensorPair& pair, PeftConfig& config, std::int64_t layer,
                     const fs::path& path) {
    if (pair.bias != nullptr) {
        if (pair.bias->shape.size() != 1)
            return tensorsError(path, pair.module + ": found a bias " + shapeText(pair.bias->shape) +
                                          ", expected one dimension");
        auto values = readFinite(source, *pair.bias, path);
        if (!values) return values.error();
        config.adapter.biases.push_back({pair.module, std::move(*values)});
    }
    if (pair.bias != nullptr && pair.a == nullptr && pair.b == nullptr) return {};
    auto read = readPair(source, pair, config, layer, path);
    if (!read) return read.error();
    config.adapter.pairs.push_back(std::move(*read));
    return {};
}

Result<void> checkSizes(const LoraPair& pair, const fs::path& path) {
    const auto a = static_cast<std::size_t>(pair.r * pair.inFeatures);
    const auto b = static_cast<std::size_t>(pair.outFeatures * pair.r);
    if (moduleKey(pair.module) && pair.r >= 1 && pair.loraA.size() == a && pair.loraB.size() == b) return {};
    return tensorsError(path, "the pair for " + quotedText(pair.module) + " does not fit its shape or rank " +
                                  std::to_string(pair.r));
}

/// As PEFT calls it: that of an adapted module lies in the layer that the adapter is around.
std::string biasName(const PeftAdapter& adapter, const std::string& module) {
    const bool isAdapted = std::any_of(adapter.pairs.begin(), adapter.pairs.end(),
                                       [&](const LoraPair& pair) { return pair.module == module; });
    return std::string(kPrefix) + module + (isAdapted ? ".base_layer.bias" : ".bias");
}

Result<void> writeWeights(FileLayer& files, const fs::path& path, const PeftAdapter& adapter) {
    std::map<std::string, std::span<const float>> values;
    std::vector<TensorInfo> plan;
    const auto add = [&](std::string name, std::vector<std::int64_t> shape, std::span<const float> of) {
        values[name] = of;
        plan.push_back({std::move(name), DType::F32, std::move(shape)});
    };
    for (const LoraPair& pair : adapter.pairs) {
        if (auto fits = checkSizes(pair, path); !fits) return fits;
        const std::string stem = std::string(kPrefix) + pair.module;
        add(stem + ".lora_A.weight", {pair.r, pair.inFeatures}, pair.loraA);
        add(stem + ".lora_B.weight", {pair.outFeatures, pair.r}, pair.loraB);
    }
    for (const AdapterBias& bias : adapter.biases)
        add(biasName(adapter, bias.module), {static_cast<std::int64_t>(bias.values.size())}, bias.values);
    plan = safetensorsOrder(std::move(plan));
    auto writer = SafetensorsWriter::create(files, path, plan, {{"format", "pt"}});
    if (!writer) return writer.error();
    for (const TensorInfo& tensor : plan)
        if (auto done = (*writer)->write(tensor, std::as_bytes(values[tensor.name])); !done) return done;
    return (*writer)->finish();
}

Error weightsMissing(const fs::path& folder, const Error& cause) {
    std::error_code ignored;
    if (!fs::exists(folder / "adapter_model.bin", ignored)) return cause;
    return Error{codes::kAdapterUnsupported, displayPath(folder) + ": found adapter_model.bin, expected " +
                                                 kPeftWeightsFile +
                                                 "; save the adapter again with safe_serialization"};
}

} // namespace

double PeftAdapter::scaling(const LoraPair& pair) const {
    const auto rank = static_cast<double>(pair.r);
    return pair.alpha.value_or(alpha) / (useRslora ? std::sqrt(rank) : rank);
}

void PeftAdapter::multiplyAlpha(double factor) {
    alpha *= factor;
    for (LoraPair& pair : pairs)
        if (pair.alpha) *pair.alpha *= factor;
}

Result<PeftAdapter> readPeftAdapter(const fs::path& folder) {
    const fs::path configPath = folder / kPeftConfigFile;
    const fs::path weightsPath = folder / kPeftWeightsFile;
    const auto json = readJsonFile(configPath);
    if (!json) return json.error();
    auto config = parsePeftConfig(*json, displayPath(configPath));
    if (!config) return config.error();
    const auto source = SafetensorsReader::open(weightsPath);
    if (!source)
        return source.error().code == codes::kFileNotFound ? weightsMissing(folder, source.error())
                                                           : source.error();
    PeftAdapter& adapter = config->adapter;
    const auto pairs = pairTensors((*source)->tensors(), adapter.bias != "none", weightsPath);
    if (!pairs) return pairs.error();
    for (const auto& [key, pair] : *pairs)
        if (auto added = addPair(**source, pair, *config, std::get<0>(key), weightsPath); !added)
            return added.error();
    if (adapter.pairs.empty()) return tensorsError(weightsPath, "found no lora_A and lora_B");
    if (adapter.targetModules.empty())
        for (const LoraPair& pair : adapter.pairs)
            adapter.targetModules.push_back(pair.module);
    std::sort(adapter.targetModules.begin(), adapter.targetModules.end());
    return std::move(adapter);
}

Result<void> writePeftAdapter(FileLayer& files, const fs::path& folder, const PeftAdapter& adapter) {
    if (auto written = writeWeights(files, folder / kPeftWeightsFile, adapter); !written) return written;
    std::string text = writeJson(peftConfigJson(adapter));
    text.pop_back(); // PEFT ends the file without a newline
    return writeFileAtomically(files, folder / kPeftConfigFile, text);
}

} // namespace llamahome::formats
