// From a GGUF file to a folder in Hub layout. Not on the GUI thread.
#pragma once

#include <filesystem>

#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "core/result.h"

namespace llamahome::formats {

/// Writes config.json, generation_config.json, model.safetensors (BF16, or F32 where all matrices of the
/// file are and bfloat16 would lose some of it; Hub names and row order, no head where it is tied),
/// tokenizer.json, tokenizer_config.json and special_tokens_map.json into `targetFolder`, which is created;
/// each file whole or not at all, the weights last. What cannot be converted is refused before anything is
/// written. Memory: the largest tensor as fp32. Cancel is looked at and progress told (unit "bytes" written)
/// once a tensor. On failure the folder may hold some of the files; the caller owns its removal.
Result<void> convertGgufToHub(FileLayer& files, const std::filesystem::path& gguf,
                              const std::filesystem::path& targetFolder, const CancelToken& cancel,
                              const ProgressSink& progress);

} // namespace llamahome::formats
