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

constexpr std::string_view kConfigFile = "adapter_config.json";
constexpr std::string_view kWeightsFile = "adapter_model.safetensors";
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
};

/// Splits "base_model.model.MODULE.lora_A.default.weight", each optional part there or not.
Result<std::map<ModuleKey, TensorPair>> pairTensors(const std::vector<TensorInfo>& tensors,
                                                    const fs::path& path) {
    std::map<ModuleKey, TensorPair> pairs;
    for (const TensorInfo& tensor : tensors) {
        std::string_view name = tensor.name;
        if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
        const std::size_t at = name.rfind(".lora_");
        const std::string_view module = name.substr(0, at);
        const std::string_view part = at == std::string_view::npos ? std::string_view{} : name.substr(at + 6);
        const bool isA = part == "A.weight" || part == "A.default.weight";
        const bool isB = part == "B.weight" || part == "B.default.weight";
        const auto key = moduleKey(module);
        if (!key || (!isA && !isB))
            return Error{codes::kAdapterUnsupported, displayPath(path) + ": found tensor " +
                                                         quotedText(tensor.name) +
                                                         ", expected lora_A and lora_B of the seven linear "
                                                         "projections; this adapter cannot be used"};
        TensorPair& pair = pairs[*key];
        pair.module = module;
        if ((isA ? pair.a : pair.b) != nullptr)
            return tensorsError(path, "found two tensors for " + quotedText(tensor.name) + ", expected one");
        (isA ? pair.a : pair.b) = &tensor;
    }
    if (pairs.empty()) return tensorsError(path, "found no adapter tensors");
    return pairs;
}

Result<void> checkPair(const TensorPair& pair, const PeftAdapter& adapter, const fs::path& path) {
    if (pair.a == nullptr || pair.b == nullptr)
        return tensorsError(path, pair.module + " has no " + (pair.a == nullptr ? "lora_A" : "lora_B"));
    const auto& a = pair.a->shape;
    const auto& b = pair.b->shape;
    if (a.size() != 2 || b.size() != 2 || a[0] != adapter.r || b[1] != adapter.r || a[1] < 1 || b[0] < 1)
        return tensorsError(path, pair.module + ": found lora_A " + shapeText(a) + " and lora_B " +
                                      shapeText(b) + ", expected rank " + std::to_string(adapter.r) +
                                      " as in " + std::string(kConfigFile));
    if (!matchesTarget(pair.module, adapter.targetModules))
        return tensorsError(path, "found a pair for " + pair.module + ", which target_modules does not name");
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

Result<void> checkSizes(const LoraPair& pair, std::int64_t r, const fs::path& path) {
    const auto a = static_cast<std::size_t>(pair.r * pair.inFeatures);
    const auto b = static_cast<std::size_t>(pair.outFeatures * pair.r);
    if (moduleKey(pair.module) && pair.r == r && pair.loraA.size() == a && pair.loraB.size() == b) return {};
    return tensorsError(path, "the pair for " + quotedText(pair.module) + " does not fit its shape or rank " +
                                  std::to_string(r));
}

Result<void> writeWeights(FileLayer& files, const fs::path& path, const PeftAdapter& adapter) {
    std::map<std::string, std::span<const float>> values;
    std::vector<TensorInfo> plan;
    for (const LoraPair& pair : adapter.pairs) {
        if (auto fits = checkSizes(pair, adapter.r, path); !fits) return fits;
        const std::string stem = std::string(kPrefix) + pair.module;
        plan.push_back({stem + ".lora_A.weight", DType::F32, {pair.r, pair.inFeatures}});
        plan.push_back({stem + ".lora_B.weight", DType::F32, {pair.outFeatures, pair.r}});
        values[plan[plan.size() - 2].name] = pair.loraA;
        values[plan.back().name] = pair.loraB;
    }
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
                                                 std::string(kWeightsFile) +
                                                 "; save the adapter again with safe_serialization"};
}

} // namespace

double PeftAdapter::scaling() const {
    const auto rank = static_cast<double>(r);
    return alpha / (useRslora ? std::sqrt(rank) : rank);
}

Result<PeftAdapter> readPeftAdapter(const fs::path& folder) {
    const fs::path configPath = folder / kConfigFile;
    const fs::path weightsPath = folder / kWeightsFile;
    const auto json = readJsonFile(configPath);
    if (!json) return json.error();
    auto adapter = parsePeftConfig(*json, displayPath(configPath));
    if (!adapter) return adapter.error();
    const auto source = SafetensorsReader::open(weightsPath);
    if (!source)
        return source.error().code == codes::kFileNotFound ? weightsMissing(folder, source.error())
                                                           : source.error();
    const auto pairs = pairTensors((*source)->tensors(), weightsPath);
    if (!pairs) return pairs.error();
    for (const auto& [key, pair] : *pairs) {
        if (auto checked = checkPair(pair, *adapter, weightsPath); !checked) return checked.error();
        auto a = readFinite(**source, *pair.a, weightsPath);
        if (!a) return a.error();
        auto b = readFinite(**source, *pair.b, weightsPath);
        if (!b) return b.error();
        adapter->pairs.push_back(
            {pair.module, adapter->r, pair.a->shape[1], pair.b->shape[0], std::move(*a), std::move(*b)});
    }
    return adapter;
}

Result<void> writePeftAdapter(FileLayer& files, const fs::path& folder, const PeftAdapter& adapter) {
    if (auto written = writeWeights(files, folder / kWeightsFile, adapter); !written) return written;
    std::string text = writeJson(peftConfigJson(adapter));
    text.pop_back(); // PEFT ends the file without a newline
    return writeFileAtomically(files, folder / kConfigFile, text);
}

} // namespace llamahome::formats
