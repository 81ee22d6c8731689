// The tokenizer of a GGUF file as the Hub's JSON files: BPE of bytes ("gpt2") or of characters ("llama"). Any
// thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/result.h"
#include "formats/gguf/gguf_reader.h"
#include "formats/tokenizer/hub_tokenizer.h"

namespace llamahome::formats {

/// tokenizer.ggml.token_type (llama.md 8.2).
namespace gguf_token_type {
inline constexpr std::int32_t kNormal = 1;
inline constexpr std::int32_t kUnknown = 2;
inline constexpr std::int32_t kControl = 3;
inline constexpr std::int32_t kUserDefined = 4;
inline constexpr std::int32_t kUnused = 5;
inline constexpr std::int32_t kByte = 6;
} // namespace gguf_token_type

/// Our own list of the ids that end an answer, the first first: GGUF has keys for three of them only.
inline constexpr const char* kGgufEndTokenIds = "llamahome.end_token_ids";

/// Whether llama.cpp stops at a special token of this text whatever the keys say (llama-vocab.cpp).
bool isGgufEndText(std::string_view text);

/// GG-17 names a tokenizer or pre-tokenizer that is not converted, GG-18 what is wrong with the vocabulary,
/// the merges or the scores; TK-02 for merges of scores beyond measure. `contextLength` is written as
/// model_max_length.
Result<HubTokenizer> tokenizerFromGguf(const GgufReader& reader, std::int64_t contextLength);

/// The name under which llama.cpp knows the pre-tokenizer: "llama-bpe".
std::string_view ggufPreTokenizer(PieceSplit split);

} // namespace llamahome::formats
