// LoraPlan: which projections are adapted and where each matrix lies in the one flat buffer. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "formats/hub/model_config.h"
#include "formats/peft/peft_adapter.h"

namespace llamahome::engine {

/// The seven projections of a layer, in the fixed order of buffers and files.
enum class Projection { Q, K, V, O, Gate, Up, Down };
inline constexpr std::array kProjections{Projection::Q,    Projection::K,  Projection::V,   Projection::O,
                                         Projection::Gate, Projection::Up, Projection::Down};

/// "q_proj".
std::string_view projectionName(Projection projection);
/// "model.layers.3.self_attn.q_proj".
std::string moduleName(std::int64_t layer, Projection projection);

struct ProjectionShape {
    std::int64_t inFeatures;
    std::int64_t outFeatures;
};
ProjectionShape projectionShape(const formats::ModelConfig& config, Projection projection);

/// One adapted projection: A [r, in] at offsetA, B [out, r] at offsetB, both row-major, counted in floats.
struct LoraSlot {
    std::int64_t layer;
    Projection projection;
    std::int64_t inFeatures;
    std::int64_t outFeatures;
    std::int64_t offsetA;
    std::int64_t offsetB;
    std::int64_t r;              ///< rank
    double scaling;              ///< of B·A
    std::optional<double> alpha; ///< where the module has another than its adapter
};

/// Slots ordered by layer, then projection; the buffer is their A, B, A, B, … without gaps.
struct LoraPlan {
    std::int64_t r = 8; ///< of modules without a rank of their own
    double dropout = 0.0;
    std::vector<LoraSlot> slots;
    std::int64_t parameterCount = 0;
    std::int64_t layerCount = 0;  ///< of the model
    std::int64_t lowestLayer = 0; ///< lowest layer with a slot: no gradient is needed below it
};

/// Plans an adapter on every layer for the named targets ("q_proj", …, or "all-linear"). LORA-01: a target
/// that matches nothing; LORA-02: rank out of range.
Result<LoraPlan> planLora(const formats::ModelConfig& config, std::int64_t r, double scaling, double dropout,
                          const std::vector<std::string>& targetModules);

/// The plan of an existing adapter; its pairs decide the slots, with the rank and scaling of each. LORA-03: a
/// module, a shape or a bias that the base lacks.
Result<LoraPlan> planOf(const formats::ModelConfig& config, const formats::PeftAdapter& adapter);

/// A fresh adapter: A uniform in ±1/sqrt(in) by Philox(seed, slot), B zero (llama.md 6.4).
std::vector<float> initialParameters(const LoraPlan& plan, std::int64_t seed);

/// The adapter's pairs as the flat buffer of its plan.
std::vector<float> flatten(const LoraPlan& plan, const formats::PeftAdapter& adapter);
/// The other way; sets the adapter's rank, pairs and target modules, and leaves alpha and the rest alone. The
/// targets are names of projections where each is on every layer, else names of modules.
void unflatten(const LoraPlan& plan, const std::vector<float>& flat, formats::PeftAdapter& adapter);

} // namespace llamahome::engine
