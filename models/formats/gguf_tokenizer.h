// The tokenizer of a GGUF file as the Hub's JSON files. Byte-level BPE only. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "formats/gguf_reader.h"

namespace llamahome::formats {

struct HubTokenizer {
    Json tokenizer;                      ///< tokenizer.json
    Json config;                         ///< tokenizer_config.json, with the chat template as text
    Json specialTokens;                  ///< special_tokens_map.json
    std::int64_t size = 0;               ///< tokens of the vocabulary, added ones included
    std::vector<std::int64_t> endTokens; ///< ids that end an answer, the file's own first
    std::optional<std::int64_t> padToken;
};

/// GG-17 names a tokenizer or pre-tokenizer that is not converted, GG-18 what is wrong with the vocabulary or
/// the merges. `contextLength` is written as model_max_length.
Result<HubTokenizer> tokenizerFromGguf(const GgufReader& reader, std::int64_t contextLength);

} // namespace llamahome::formats
