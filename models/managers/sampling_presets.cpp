#include "managers/sampling_presets.h"

#include <array>

namespace llamahome::managers {
namespace {

struct PresetRow {
    SamplingPreset preset;
    double temperature;
    double topP;
    int topK;
    double minP;
    double repetitionPenalty;
};

/// Balanced are the values that the program ships with.
constexpr std::array kRows{
    PresetRow{SamplingPreset::Precise, 0.2, 0.9, 20, 0.0, 1.0},
    PresetRow{SamplingPreset::Balanced, 0.6, 0.9, 50, 0.0, 1.0},
    PresetRow{SamplingPreset::Creative, 1.0, 0.95, 0, 0.05, 1.0},
};

} // namespace

const std::vector<SamplingPreset>& samplingPresets() {
    static const std::vector<SamplingPreset> all = [] {
        std::vector<SamplingPreset> presets;
        for (const PresetRow& row : kRows)
            presets.push_back(row.preset);
        return presets;
    }();
    return all;
}

config::GenerationSettings withPreset(config::GenerationSettings sampling, SamplingPreset preset) {
    for (const PresetRow& row : kRows) {
        if (row.preset != preset) continue;
        sampling.temperature = row.temperature;
        sampling.top_p = row.topP;
        sampling.top_k = row.topK;
        sampling.min_p = row.minP;
        sampling.repetition_penalty = row.repetitionPenalty;
    }
    return sampling;
}

std::optional<SamplingPreset> presetOf(const config::GenerationSettings& sampling) {
    for (const PresetRow& row : kRows)
        if (sampling.temperature == row.temperature && sampling.top_p == row.topP &&
            sampling.top_k == row.topK && sampling.min_p == row.minP &&
            sampling.repetition_penalty == row.repetitionPenalty)
            return row.preset;
    return std::nullopt;
}

} // namespace llamahome::managers
