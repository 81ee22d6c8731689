// The tokenizer of a folder in Meta's layout as the Hub's JSON files. Any thread.
#pragma once

#include <filesystem>

#include "core/result.h"
#include "formats/hub/model_config.h"
#include "formats/tokenizer/hub_tokenizer.h"

namespace llamahome::formats {

/// What the folder does not say of its model.
struct MetaVariant {
    bool isInstruct = false;  ///< answers in turns: a chat template, and its end-of-turn tokens
    bool hasPictures = false; ///< other names for two of the special tokens
};

/// Reads tokenizer.model (TK-12, TK-13) and adds the special tokens of that generation: those of Llama 3.1
/// and later where `config` has the scaled rope, else of Llama 3 (llama.md 4.4). The chat template is our own
/// text for Meta's dialogue format, without the Hub's lines of dates.
Result<HubTokenizer> tokenizerFromMeta(const std::filesystem::path& tokenizerModel, const ModelConfig& config,
                                       const MetaVariant& variant);

} // namespace llamahome::formats
