// The architecture of a model in Meta's layout, from its params.json. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/result.h"
#include "formats/hub/model_config.h"

namespace llamahome::formats {

/// What a params.json says, and what its weights must add.
struct MetaModel {
    ModelConfig config;                    ///< of the text decoder; vocab_size is 0 where the file gives none
    std::int64_t crossAttentionLayers = 0; ///< above 0: a model with a picture part (llama.md 1.7)
};

/// META-01 for fields that are missing, of a wrong kind or out of range, and for quantised models, by name.
/// The width of the feed-forward part follows Meta's rule, the rope's factor the model's shape (llama.md 1.2
/// and 1.6). What only weights tell (vocabulary, tied head) is left to readers of those.
Result<MetaModel> readMetaParams(const std::filesystem::path& paramsJson);

} // namespace llamahome::formats
