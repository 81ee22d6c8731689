// A LoRA adapter as the GGUF file that llama.cpp and Ollama add to a base model. Not on the GUI thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/file_layer.h"
#include "core/result.h"
#include "formats/gguf/gguf_file_type.h"
#include "formats/hub/model_config.h"
#include "formats/peft/peft_adapter.h"

namespace llamahome::formats {

struct GgufAdapterOptions {
    GgufFileType type = GgufFileType::F32; ///< F32, F16 or BF16
    std::string name = {};                 ///< general.name; empty: left out
};

/// Size of the file that writeGgufAdapter() makes, exact; its errors but those of writing.
Result<std::uint64_t> ggufAdapterBytes(const PeftAdapter& adapter, const ModelConfig& base,
                                       const GgufAdapterOptions& options);

/// Writes `target` beside its name and renames it; an existing file is replaced. Tensors are those of the
/// base's GGUF names with ".lora_a" [r, in] and ".lora_b" [out, r], rows of q and k interleaved as the
/// base's; adapter.lora.alpha is such that llama.cpp's alpha/r is the adapter's scaling, rsLoRA's too
/// (llama.md 8.4). EXP-02 for another type of file, EXP-03 for a pair that `base` has no matrix for or whose
/// values are not finite.
Result<void> writeGgufAdapter(FileLayer& files, const std::filesystem::path& target,
                              const PeftAdapter& adapter, const ModelConfig& base,
                              const GgufAdapterOptions& options);

} // namespace llamahome::formats
