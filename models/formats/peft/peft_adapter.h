// A LoRA adapter as PEFT stores it: adapter_config.json and adapter_model.safetensors. A value; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "core/result.h"

namespace llamahome::formats {

/// One adapted projection. `module` is its name in the base: "model.layers.0.self_attn.q_proj".
struct LoraPair {
    std::string module;
    std::int64_t r = 0;
    std::int64_t inFeatures = 0;
    std::int64_t outFeatures = 0;
    std::vector<float> loraA; ///< [r, in] row-major
    std::vector<float> loraB; ///< [out, r] row-major
};

/// Pairs are ordered by layer, then q, k, v, o, gate, up, down.
struct PeftAdapter {
    std::int64_t r = 8;
    double alpha = 8.0;
    double dropout = 0.0;
    bool useRslora = false;
    std::vector<std::string> targetModules; ///< sorted
    std::string baseModel;                  ///< base_model_name_or_path
    std::vector<LoraPair> pairs;

    /// What B·A is multiplied by: alpha/r, or alpha/sqrt(r) with rsLoRA.
    double scaling() const;
};

/// Reads an adapter folder. Names with or without "base_model.model." and ".default" are accepted; f16, bf16
/// and f32 tensors become fp32. DoRA, modules_to_save, bias other than none and the like are refused by name.
Result<PeftAdapter> readPeftAdapter(const std::filesystem::path& folder);

/// Writes both files into an existing folder, each atomically. fp32, PEFT's tensor names, format "pt".
Result<void> writePeftAdapter(FileLayer& files, const std::filesystem::path& folder,
                              const PeftAdapter& adapter);

} // namespace llamahome::formats
