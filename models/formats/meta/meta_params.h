// The architecture of a model in Meta's layout, from its params.json. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/result.h"
#include "formats/hub/model_config.h"

namespace llamahome::formats {

/// Models that Meta's files tell apart.
enum class MetaGeneration {
    Llama2,  ///< and Llama 1 and Code Llama: SentencePiece, a vocabulary of 32000
    Llama3,  ///< tiktoken's ranks
    Llama31, ///< and later: a scaled rope
};

/// What a params.json says, and what its weights must add.
struct MetaModel {
    MetaGeneration generation = MetaGeneration::Llama3;
    ModelConfig config;                    ///< of the text decoder; vocab_size is 0 where the file gives none
    std::int64_t crossAttentionLayers = 0; ///< above 0: a model with a picture part (llama.md 1.7)
};

/// META-01 for fields that are missing, of a wrong kind or out of range, and for quantised models, by name.
/// The width of the feed-forward part follows Meta's rule, the rope's factor the model's shape (llama.md 1.2
/// and 1.6). A scaled rope is Llama 3.1's or later; otherwise a tokenizer.model beside the file that is
/// SentencePiece's makes it Llama 2's, as does, where there is none, a vocabulary of -1 or 32000. Those
/// rotate by 10000 where nothing is said and have a context of 4096, Code Llama, which says another number,
/// of 16384. What only weights tell (vocabulary, tied head) is left to readers of those.
Result<MetaModel> readMetaParams(const std::filesystem::path& paramsJson);

} // namespace llamahome::formats
