#include "llama/lora/lora_plan.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/error_codes.h"
#include "core/philox.h"
#include "formats/hub/tensor_names.h"
#include "formats/tensor.h"

namespace llamahome::engine {
namespace {

constexpr std::int64_t kMaxRank = 1024;

/// Puts the slot behind the others; its places in the buffer are set here.
void addSlot(LoraPlan& plan, LoraSlot slot) {
    slot.offsetA = plan.parameterCount;
    slot.offsetB = slot.offsetA + slot.r * slot.inFeatures;
    plan.parameterCount = slot.offsetB + slot.outFeatures * slot.r;
    plan.slots.push_back(slot);
}

/// LORA-03 where the model has not the biases that the adapter holds.
Result<void> checkBiases(const formats::ModelConfig& config, const formats::PeftAdapter& adapter) {
    if (adapter.biases.empty()) return {};
    const std::vector<formats::TensorInfo> tensors = formats::expectedTensors(config);
    for (const formats::AdapterBias& bias : adapter.biases) {
        const std::string name = bias.module + ".bias";
        const auto found = std::find_if(tensors.begin(), tensors.end(),
                                        [&](const formats::TensorInfo& t) { return t.name == name; });
        if (found == tensors.end() || found->elementCount() != bias.values.size())
            return Error{codes::kLoraShape,
                         "adapter: found " + name + " with " + std::to_string(bias.values.size()) +
                             " values, the base model has " +
                             (found == tensors.end() ? std::string("no such bias")
                                                     : std::to_string(found->elementCount())) +
                             "; use the base it was trained on"};
    }
    return {};
}

std::string knownTargets() {
    std::string names;
    for (const Projection projection : kProjections)
        names += std::string(projectionName(projection)) + ", ";
    return names + "all-linear";
}

Result<void> checkRank(std::int64_t r) {
    if (r >= 1 && r <= kMaxRank) return {};
    return Error{codes::kLoraRank,
                 "LoRA rank: found " + std::to_string(r) + ", expected 1 to " + std::to_string(kMaxRank)};
}

} // namespace

std::string_view projectionName(Projection projection) {
    const std::string_view module = formats::projectionModules()[static_cast<std::size_t>(projection)];
    return module.substr(module.find('.') + 1);
}

std::string moduleName(std::int64_t layer, Projection projection) {
    return "model.layers." + std::to_string(layer) + "." +
           formats::projectionModules()[static_cast<std::size_t>(projection)];
}

ProjectionShape projectionShape(const formats::ModelConfig& config, Projection projection) {
    const std::int64_t query = config.num_attention_heads * config.head_dim;
    const std::int64_t keyValue = config.num_key_value_heads * config.head_dim;
    switch (projection) {
    case Projection::Q:
        return {config.hidden_size, query};
    case Projection::K:
    case Projection::V:
        return {config.hidden_size, keyValue};
    case Projection::O:
        return {query, config.hidden_size};
    case Projection::Gate:
    case Projection::Up:
        return {config.hidden_size, config.intermediate_size};
    case Projection::Down:
        return {config.intermediate_size, config.hidden_size};
    }
    return {0, 0};
}

Result<LoraPlan> planLora(const formats::ModelConfig& config, std::int64_t r, double scaling, double dropout,
                          const std::vector<std::string>& targetModules) {
    if (auto checked = checkRank(r); !checked) return checked.error();
    std::set<Projection> targets;
    for (const std::string& name : targetModules) {
        bool isKnown = false;
        for (const Projection projection : kProjections) {
            if (name != "all-linear" && name != projectionName(projection)) continue;
            targets.insert(projection);
            isKnown = true;
        }
        if (!isKnown)
            return Error{codes::kLoraTarget,
                         "LoRA target \"" + name + "\": no such projection; known: " + knownTargets()};
    }
    if (targets.empty())
        return Error{codes::kLoraTarget, "LoRA targets: found none, expected some of: " + knownTargets()};
    LoraPlan plan{r, dropout, {}, 0, config.num_hidden_layers, 0};
    for (std::int64_t layer = 0; layer < config.num_hidden_layers; ++layer)
        for (const Projection projection : targets) {
            const ProjectionShape shape = projectionShape(config, projection);
            addSlot(plan, {layer, projection, shape.inFeatures, shape.outFeatures, 0, 0, r, scaling, {}});
        }
    return plan;
}

Result<LoraPlan> planOf(const formats::ModelConfig& config, const formats::PeftAdapter& adapter) {
    if (auto checked = checkRank(adapter.r); !checked) return checked.error();
    if (auto checked = checkBiases(config, adapter); !checked) return checked.error();
    LoraPlan plan{adapter.r, adapter.dropout, {}, 0, config.num_hidden_layers, 0};
    std::size_t used = 0;
    for (std::int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
        for (const Projection projection : kProjections) {
            const std::string name = moduleName(layer, projection);
            const auto pair = std::find_if(adapter.pairs.begin(), adapter.pairs.end(),
                                           [&](const formats::LoraPair& p) { return p.module == name; });
            if (pair == adapter.pairs.end()) continue;
            const ProjectionShape shape = projectionShape(config, projection);
            if (auto checked = checkRank(pair->r); !checked) return checked.error().within(name);
            if (pair->inFeatures != shape.inFeatures || pair->outFeatures != shape.outFeatures)
                return Error{codes::kLoraShape,
                             "adapter module " + name + ": found " +
                                 formats::shapeText({pair->outFeatures, pair->r, pair->inFeatures}) +
                                 " (out, r, in), the base model needs " +
                                 formats::shapeText({shape.outFeatures, pair->r, shape.inFeatures}) +
                                 "; use the base it was trained on"};
            addSlot(plan, {layer, projection, shape.inFeatures, shape.outFeatures, 0, 0, pair->r,
                           adapter.scaling(*pair), pair->alpha});
            ++used;
        }
    }
    if (used == 0 || used != adapter.pairs.size()) {
        std::string detail;
        for (const auto& pair : adapter.pairs)
            detail += pair.module + "\n";
        return Error{codes::kLoraShape,
                     "adapter: " + std::to_string(adapter.pairs.size() - used) + " of its " +
                         std::to_string(adapter.pairs.size()) +
                         " modules do not exist in the base model; use the base it was trained on",
                     detail};
    }
    plan.lowestLayer = plan.slots.front().layer;
    return plan;
}

std::vector<float> initialParameters(const LoraPlan& plan, std::int64_t seed) {
    constexpr std::uint64_t kInitStream = 0x6c6f7261ULL
                                          << 32; // "lora": keeps draws apart from other users of a seed
    std::vector<float> flat(static_cast<std::size_t>(plan.parameterCount), 0.0F);
    for (std::size_t i = 0; i < plan.slots.size(); ++i) {
        const LoraSlot& slot = plan.slots[i];
        PhiloxStream random(static_cast<std::uint64_t>(seed), kInitStream + i);
        const float bound = 1.0F / std::sqrt(static_cast<float>(slot.inFeatures));
        for (std::int64_t k = slot.offsetA; k < slot.offsetB; ++k)
            flat[static_cast<std::size_t>(k)] = (2.0F * random.nextUniform() - 1.0F) * bound;
    }
    return flat;
}

std::vector<float> flatten(const LoraPlan& plan, const formats::PeftAdapter& adapter) {
    std::vector<float> flat(static_cast<std::size_t>(plan.parameterCount));
    for (const LoraSlot& slot : plan.slots) {
        const std::string name = moduleName(slot.layer, slot.projection);
        const auto pair = std::find_if(adapter.pairs.begin(), adapter.pairs.end(),
                                       [&](const formats::LoraPair& p) { return p.module == name; });
        std::copy(pair->loraA.begin(), pair->loraA.end(), flat.begin() + slot.offsetA);
        std::copy(pair->loraB.begin(), pair->loraB.end(), flat.begin() + slot.offsetB);
    }
    return flat;
}

void unflatten(const LoraPlan& plan, const std::vector<float>& flat, formats::PeftAdapter& adapter) {
    adapter.r = plan.r;
    adapter.pairs.clear();
    std::map<Projection, std::int64_t> layersOf;
    for (const LoraSlot& slot : plan.slots) {
        ++layersOf[slot.projection];
        const auto begin = flat.begin();
        adapter.pairs.push_back({moduleName(slot.layer, slot.projection),
                                 slot.r,
                                 slot.inFeatures,
                                 slot.outFeatures,
                                 {begin + slot.offsetA, begin + slot.offsetB},
                                 {begin + slot.offsetB, begin + slot.offsetB + slot.outFeatures * slot.r},
                                 slot.alpha});
    }
    const bool isOnEveryLayer = std::all_of(layersOf.begin(), layersOf.end(),
                                            [&](const auto& one) { return one.second == plan.layerCount; });
    std::set<std::string> targets;
    for (const LoraSlot& slot : plan.slots)
        targets.emplace(isOnEveryLayer ? std::string(projectionName(slot.projection))
                                       : moduleName(slot.layer, slot.projection));
    adapter.targetModules.assign(targets.begin(), targets.end());
}

} // namespace llamahome::engine
