// A LoRA adapter as PEFT stores it: adapter_config.json and adapter_model.safetensors. A value; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "core/result.h"

namespace llamahome::formats {

inline constexpr const char* kPeftConfigFile = "adapter_config.json";
inline constexpr const char* kPeftWeightsFile = "adapter_model.safetensors";
inline constexpr std::int64_t kMaxAdapterRank = 65536;

/// One adapted projection. `module` is its name in the base: "model.layers.0.self_attn.q_proj".
struct LoraPair {
    std::string module;
    std::int64_t r = 0;
    std::int64_t inFeatures = 0;
    std::int64_t outFeatures = 0;
    std::vector<float> loraA;         ///< [r, in] row-major
    std::vector<float> loraB;         ///< [out, r] row-major
    std::optional<double> alpha = {}; ///< where it has another than the adapter
};

/// A bias of the base that was trained along, whole: it takes the place of the base's.
struct AdapterBias {
    std::string module;
    std::vector<float> values; ///< [out]
};

/// Pairs are ordered by layer, then q, k, v, o, gate, up, down; biases likewise.
struct PeftAdapter {
    std::int64_t r = 8; ///< of pairs without a rank of their own, likewise alpha
    double alpha = 8.0;
    double dropout = 0.0;
    bool useRslora = false;
    std::vector<std::string> targetModules; ///< sorted; of pairs on some layers only, their whole names
    std::string baseModel;                  ///< base_model_name_or_path
    std::vector<LoraPair> pairs;
    std::string bias = "none"; ///< or "all", "lora_only": which biases were trained
    std::vector<AdapterBias> biases = {};

    /// What the pair's B·A is multiplied by: alpha/r, or alpha/sqrt(r) with rsLoRA, with its own of both.
    double scaling(const LoraPair& pair) const;
    /// Makes the adapter so many times as strong; for adapters without biases.
    void multiplyAlpha(double factor);
};

/// Reads an adapter folder. Names with or without "base_model.model." and ".default" are accepted; f16, bf16
/// and f32 tensors become fp32. Ranks are those of the configuration's patterns, or it is refused. DoRA,
/// modules_to_save and the like are refused by name.
Result<PeftAdapter> readPeftAdapter(const std::filesystem::path& folder);

/// Writes both files into an existing folder, each atomically. fp32, PEFT's tensor names, format "pt".
Result<void> writePeftAdapter(FileLayer& files, const std::filesystem::path& folder,
                              const PeftAdapter& adapter);

} // namespace llamahome::formats
