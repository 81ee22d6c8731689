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

/// Reads tokenizer.model. A list of ranks (TK-12, TK-13) gets the special tokens of its generation: those of
/// Llama 3.1 and later where `config` has the scaled rope, else of Llama 3 (llama.md 4.4). A SentencePiece
/// model (partsOfSentencePiece()) is Llama 2's and has its own. TK-13 also where the embedding has too few
/// rows. The chat templates are our own texts for Meta's dialogue formats: Llama 3's is without the Hub's
/// lines of dates.
Result<HubTokenizer> tokenizerFromMeta(const std::filesystem::path& tokenizerModel, const ModelConfig& config,
                                       const MetaVariant& variant);

} // namespace llamahome::formats
