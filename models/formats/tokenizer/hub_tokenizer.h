// A BPE tokenizer, of bytes or of characters, as the Hub's JSON files, from what another format says of it.
// Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace llamahome::formats {

enum class TokenKind {
    Ordinary,
    Special,     ///< never part of text: an added token with "special"
    UserDefined, ///< found in text before it is split: an added token without "special"
    Unused,      ///< only fills the embedding
    Unknown,     ///< of characters: stands for what is in no token
    Byte,        ///< of characters: "<0x0A>", a byte of a character that is no token
};

/// What stands before the merges of a tokenizer: how text is cut into pieces.
enum class PieceSplit {
    Gpt2,   ///< the pattern of GPT-2
    SmolLm, ///< single digits first, then GPT-2's
    Llama3, ///< the pattern of Llama 3; a piece that is a token is not merged
};

/// A BPE of characters, as SentencePiece trains it (Llama 2, TinyLlama): blanks are U+2581, and nothing is
/// cut before merging.
struct CharacterBpe {
    bool addsMark = true;         ///< U+2581 stands before each text
    bool collapsesBlanks = false; ///< runs of blanks count as one, those at the ends as none
    bool byteFallback = true;     ///< characters without a token become their bytes' tokens
};

/// Ids of the tokens with a role.
struct TokenRoles {
    std::optional<std::int64_t> bos = {};
    std::optional<std::int64_t> eos = {};
    std::optional<std::int64_t> pad = {};
    std::optional<std::int64_t> unk = {};
};

/// A tokenizer in its parts. Roles and end tokens are ids of `tokens`.
struct TokenizerParts {
    std::vector<std::string> tokens = {}; ///< by id; ordinary ones of bytes in their alphabet (llama.md 4.5)
    std::vector<TokenKind> kinds = {};    ///< one for each token
    std::vector<std::string> merges = {}; ///< "left right", the first first
    PieceSplit split = PieceSplit::Gpt2;  ///< of a tokenizer of bytes
    std::optional<CharacterBpe> characters = {}; ///< of a tokenizer of characters; then `split` is unused
    bool addsBos = false;                        ///< text begins with the bos token
    TokenRoles roles = {};
    std::optional<std::string> chatTemplate = {};
    std::int64_t contextLength = 0;           ///< model_max_length
    std::vector<std::int64_t> endTokens = {}; ///< that end an answer, the model's own first
};

struct HubTokenizer {
    Json tokenizer;                      ///< tokenizer.json
    Json config;                         ///< tokenizer_config.json, with the chat template as text
    Json specialTokens;                  ///< special_tokens_map.json
    std::int64_t size = 0;               ///< tokens of the vocabulary, added ones included
    std::vector<std::int64_t> endTokens; ///< ids that end an answer, the file's own first
    std::optional<std::int64_t> bosToken;
    std::optional<std::int64_t> padToken;
};

/// Writes the parts as the reference library's files say them.
HubTokenizer buildHubTokenizer(const TokenizerParts& parts);

} // namespace llamahome::formats
