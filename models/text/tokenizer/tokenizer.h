// Tokenizer: text to token ids and back, by a Hub model's tokenizer.json. Immutable once made; any thread.
//
// Gives the ids of Hugging Face tokenizers for BPE models, byte-level ones (Llama 3, SmolLM2 and kin) and
// those of characters (Llama 2, TinyLlama, Mistral).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "text/tokenizer/special_tokens.h"
#include "text/tokenizer/token_decoder.h"

namespace llamahome::text {

/// A stretch of text with the handling of special tokens in it.
struct TextSpan {
    std::string_view text;
    SpecialTokens handling = SpecialTokens::AsText;
};

/// A token and where it begins: the index of the span that holds its first byte.
struct SpanToken {
    std::int32_t id = 0;
    std::size_t span = 0;
};

/// Copies share the vocabulary.
class Tokenizer {
public:
    /// Reads tokenizer.json, or a SentencePiece tokenizer.model where there is none, and bos and end tokens
    /// from tokenizer_config.json, generation_config.json and config.json where they are. FILE-xx, JSON-xx,
    /// or TK-xx naming the file.
    static Result<Tokenizer> load(const std::filesystem::path& modelFolder);
    /// Reads the content of a tokenizer.json; `what` names it in messages. Has no bos and no end tokens.
    static Result<Tokenizer> parse(const Json& tokenizerJson, std::string_view what);

    /// Invalid UTF-8 is taken for U+FFFD. `addSpecial`: with what the post-processor puts around (bos).
    std::vector<std::int32_t> encode(std::string_view text, SpecialTokens handling,
                                     bool addSpecial = false) const;
    /// Encodes the spans as one text: pieces and merges go across their borders, special tokens do not.
    std::vector<SpanToken> encodeSpans(std::span<const TextSpan> spans) const;

    /// The text of ids, invalid UTF-8 replaced by U+FFFD. TK-29 for an id without a token.
    Result<std::string> decode(std::span<const std::int32_t> ids, bool skipSpecial) const;
    /// The bytes of one token, which may be part of a character; empty for an id without a token. As it
    /// stands within a text; `state` tells where else.
    std::string tokenBytes(std::int32_t id) const;
    std::string tokenBytes(std::int32_t id, DecodeState& state) const;
    /// A token as tokenizer.json spells it: "Ġthe", "<|im_end|>".
    std::optional<std::int32_t> idOf(std::string_view token) const;
    bool isSpecial(std::int32_t id) const;
    bool hasToken(std::int32_t id) const;

    /// One more than the greatest id.
    std::size_t vocabSize() const;
    std::optional<std::int32_t> bos() const;
    /// What the post-processor puts before a text: bos, or nothing.
    const std::vector<std::int32_t>& prefixTokens() const;
    /// Ids that end generation: of generation_config.json, config.json and the tokenizer's eos_token, each
    /// once.
    const std::vector<std::int32_t>& endTokens() const { return m_endTokens; }
    /// The same tokenizer whose end tokens are also these, where it has them: what the chat template ends
    /// turns with, which files of models sometimes forget.
    Tokenizer endingAlsoWith(const std::vector<std::string>& tokens) const;
    /// What `verify` tells of oddities that do no harm: bytes without a token, gaps in the ids, custom
    /// classes.
    const std::vector<std::string>& notices() const;

    struct Data;

private:
    explicit Tokenizer(std::shared_ptr<const Data> data);
    std::shared_ptr<const Data> m_data;
    std::vector<std::int32_t> m_endTokens;
};

} // namespace llamahome::text
