// A Hub folder's BPE tokenizer in its parts: the inverse of buildHubTokenizer(). Any thread.
#pragma once

#include <filesystem>

#include "core/result.h"
#include "formats/hub/model_config.h"
#include "formats/tokenizer/hub_tokenizer.h"

namespace llamahome::formats {

/// Reads tokenizer.json, or a SentencePiece tokenizer.model where there is none, tokenizer_config.json,
/// chat_template.jinja and the end tokens of generation_config.json, of `config` and the eos token, each
/// once. `tokens` has config.vocab_size entries: ids without a token are [PADn], unused. EXP-02 names what
/// other formats cannot express (another model, other steps before it than those of PieceSplit and
/// CharacterBpe), EXP-03 a fault: an id beyond the embedding, a role of an unknown token. The caller has
/// proven that the embedding has vocab_size rows.
Result<TokenizerParts> readTokenizerParts(const std::filesystem::path& folder, const ModelConfig& config);

} // namespace llamahome::formats
