#include "formats/gguf/gguf_tokenizer_pairs.h"

#include <algorithm>
#include <string_view>

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "formats/gguf/gguf_tokenizer.h"
#include "formats/tokenizer/scored_merges.h"

namespace llamahome::formats {
namespace {

std::int32_t typeOf(TokenKind kind) {
    switch (kind) {
    case TokenKind::Special:
        return gguf_token_type::kControl;
    case TokenKind::UserDefined:
        return gguf_token_type::kUserDefined;
    case TokenKind::Unused:
        return gguf_token_type::kUnused;
    case TokenKind::Unknown:
        return gguf_token_type::kUnknown;
    case TokenKind::Byte:
        return gguf_token_type::kByte;
    case TokenKind::Ordinary:
        break;
    }
    return gguf_token_type::kNormal;
}

/// Ends of a whole text, which are no end of turn.
bool endsText(std::string_view text) {
    return text == "<|endoftext|>" || text == "<|end_of_text|>";
}

class EndTokens {
public:
    explicit EndTokens(const TokenizerParts& parts)
        : m_parts(parts) {
        if (parts.roles.eos)
            eos = parts.roles.eos;
        else if (!parts.endTokens.empty())
            eos = parts.endTokens.front();
        for (const std::int64_t id : parts.endTokens) {
            if (id == eos) continue;
            if (text(id) == "<|eom_id|>")
                endOfMessage = id;
            else if (!endOfTurn && !endsText(text(id)))
                endOfTurn = id;
            else if (!isGgufEndText(text(id)))
                unknown.push_back("the end token " + quotedText(text(id)) +
                                  " has no place in GGUF; programs that load the file will not stop at it");
        }
    }

    std::optional<std::int64_t> eos;
    std::optional<std::int64_t> endOfTurn;
    std::optional<std::int64_t> endOfMessage;
    std::vector<std::string> unknown;

private:
    const std::string& text(std::int64_t id) const { return m_parts.tokens[static_cast<std::size_t>(id)]; }

    const TokenizerParts& m_parts;
};

void addBytes(GgufPairs& pairs, const TokenizerParts& parts) {
    pairs.addText("tokenizer.ggml.model", "gpt2");
    pairs.addText("tokenizer.ggml.pre", ggufPreTokenizer(parts.split));
    pairs.addTexts("tokenizer.ggml.tokens", parts.tokens);
    pairs.addTexts("tokenizer.ggml.merges", parts.merges);
}

Result<void> addCharacters(GgufPairs& pairs, const TokenizerParts& parts, std::string_view what) {
    constexpr std::ptrdiff_t kBytes = 256;
    const auto bytes = std::count(parts.kinds.begin(), parts.kinds.end(), TokenKind::Byte);
    if (bytes != kBytes)
        return Error{codes::kExportKind, std::string(what) + ": found tokens of " + std::to_string(bytes) +
                                             " bytes, expected of 256, without which llama.cpp fails; this "
                                             "tokenizer cannot be written to GGUF"};
    const auto scores = scoresOfMerges(parts, what);
    if (!scores) return scores.error();
    pairs.addText("tokenizer.ggml.model", "llama");
    pairs.addText("tokenizer.ggml.pre", "default");
    pairs.addTexts("tokenizer.ggml.tokens", parts.tokens);
    pairs.addNumbers("tokenizer.ggml.scores", *scores);
    pairs.add("tokenizer.ggml.add_space_prefix", parts.characters->addsMark);
    if (parts.characters->collapsesBlanks) pairs.add("tokenizer.ggml.remove_extra_whitespaces", true);
    return {};
}

} // namespace

Result<std::vector<std::string>> addTokenizerPairs(GgufPairs& pairs, const TokenizerParts& parts,
                                                   std::string_view what) {
    const auto addId = [&](const char* key, const std::optional<std::int64_t>& id) {
        if (id) pairs.add(key, static_cast<std::uint32_t>(*id));
    };
    std::vector<std::int32_t> types;
    for (const TokenKind kind : parts.kinds)
        types.push_back(typeOf(kind));
    EndTokens ends(parts);
    if (!parts.characters)
        addBytes(pairs, parts);
    else if (auto added = addCharacters(pairs, parts, what); !added)
        return added.error();
    pairs.addNumbers("tokenizer.ggml.token_type", types);
    addId("tokenizer.ggml.bos_token_id", parts.roles.bos);
    addId("tokenizer.ggml.eos_token_id", ends.eos);
    addId("tokenizer.ggml.eot_token_id", ends.endOfTurn);
    addId("tokenizer.ggml.eom_token_id", ends.endOfMessage);
    if (!parts.endTokens.empty())
        pairs.addNumbers(kGgufEndTokenIds,
                         std::vector<std::uint32_t>(parts.endTokens.begin(), parts.endTokens.end()));
    addId("tokenizer.ggml.unknown_token_id", parts.roles.unk);
    addId("tokenizer.ggml.padding_token_id", parts.roles.pad);
    pairs.add("tokenizer.ggml.add_bos_token", parts.addsBos);
    if (parts.chatTemplate) pairs.addText("tokenizer.chat_template", *parts.chatTemplate);
    if (parts.characters && parts.characters->collapsesBlanks)
        ends.unknown.emplace_back("runs of blanks count as one for this tokenizer, of which llama.cpp knows "
                                  "nothing; it will make other tokens of them");
    return std::move(ends.unknown);
}

} // namespace llamahome::formats
