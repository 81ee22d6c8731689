// The one table of sampling presets: how freely answers are worded. Values; any thread.
#pragma once

#include <optional>
#include <vector>

#include "config/model_settings.h"

namespace llamahome::managers {

enum class SamplingPreset { Precise, Balanced, Creative };

/// In the order in which they are offered.
const std::vector<SamplingPreset>& samplingPresets();

/// `sampling` with the temperature, top p, top k, min p and repetition penalty of the preset.
config::GenerationSettings withPreset(config::GenerationSettings sampling, SamplingPreset preset);

/// The preset whose numbers these are; nothing where they are none's.
std::optional<SamplingPreset> presetOf(const config::GenerationSettings& sampling);

} // namespace llamahome::managers
