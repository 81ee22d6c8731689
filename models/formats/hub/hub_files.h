// Writes the files of a converted model as a Hub folder has them. Not on the GUI thread.
#pragma once

#include <filesystem>

#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "core/result.h"
#include "formats/hub/model_config.h"
#include "formats/tensor.h"
#include "formats/tokenizer/hub_tokenizer.h"

namespace llamahome::formats {

/// Writes config.json, generation_config.json, tokenizer.json, tokenizer_config.json, special_tokens_map.json
/// and the weights of `source` into `folder`, which is created; each file whole or not at all, the weights
/// last (writeHubWeights()). The end tokens of `tokenizer` become those of the configuration. On failure the
/// folder may hold some of the files; the caller owns its removal.
Result<void> writeHubModel(FileLayer& files, const std::filesystem::path& folder, ModelConfig config,
                           const HubTokenizer& tokenizer, TensorSource& source, const CancelToken& cancel,
                           const ProgressSink& progress);

} // namespace llamahome::formats
