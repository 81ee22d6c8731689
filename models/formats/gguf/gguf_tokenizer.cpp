#include "formats/gguf/gguf_tokenizer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/error_codes.h"
#include "core/utf8.h"
#include "formats/file_text.h"
#include "formats/gguf/gguf_fields.h"
#include "formats/tokenizer/scored_merges.h"

namespace llamahome::formats {
namespace {

constexpr std::int64_t kAny = std::numeric_limits<std::int32_t>::max();

/// Whole texts' ends first, then those of turns, as llama.cpp knows them.
constexpr std::array<std::string_view, 7> kEndTexts{
    "<|end_of_text|>", "<|endoftext|>", "<|eom_id|>", "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>"};

/// One row for each name under which llama.cpp knows a pre-tokenizer that is converted; of several names of
/// one the first is written.
struct PreTokenizer {
    std::string_view name;
    PieceSplit split;
    bool addsBos; ///< where the file does not say
};

constexpr std::array kPreTokenizers{
    PreTokenizer{"smollm", PieceSplit::SmolLm, false},
    PreTokenizer{"starcoder", PieceSplit::SmolLm, false},
    PreTokenizer{"refact", PieceSplit::SmolLm, false},
    PreTokenizer{"command-r", PieceSplit::SmolLm, false},
    PreTokenizer{"codeshell", PieceSplit::SmolLm, false},
    PreTokenizer{"gpt-2", PieceSplit::Gpt2, false},
    PreTokenizer{"phi-2", PieceSplit::Gpt2, false},
    PreTokenizer{"gigachat", PieceSplit::Gpt2, false},
    PreTokenizer{"mellum", PieceSplit::Gpt2, false},
    PreTokenizer{"llama-bpe", PieceSplit::Llama3, true},
    PreTokenizer{"llama3", PieceSplit::Llama3, true},
    PreTokenizer{"llama-v3", PieceSplit::Llama3, true},
    PreTokenizer{"falcon3", PieceSplit::Llama3, true},
    PreTokenizer{"falcon-h1", PieceSplit::Llama3, true},
    PreTokenizer{"pixtral", PieceSplit::Llama3, true},
    PreTokenizer{"midm-2.0", PieceSplit::Llama3, true},
};

/// Of bytes an unknown token stands for nothing in text, as a special one.
TokenKind kindOf(std::int64_t type, bool isOfCharacters) {
    switch (type) {
    case gguf_token_type::kNormal:
        return TokenKind::Ordinary;
    case gguf_token_type::kUserDefined:
        return TokenKind::UserDefined;
    case gguf_token_type::kUnused:
        return TokenKind::Unused;
    case gguf_token_type::kByte:
        return TokenKind::Byte;
    case gguf_token_type::kUnknown:
        return isOfCharacters ? TokenKind::Unknown : TokenKind::Special;
    default:
        return TokenKind::Special;
    }
}

/// "<0x0A>"
bool isByteToken(std::string_view text) {
    return text.size() == 6 && text.starts_with("<0x") && text.ends_with('>') &&
           text.substr(3, 2).find_first_not_of("0123456789ABCDEF") == std::string_view::npos;
}

class TokenizerBuilder {
public:
    explicit TokenizerBuilder(const GgufReader& reader)
        : m_reader(reader)
        , m_fields(reader)
        , m_isOfCharacters(m_fields.text("tokenizer.ggml.model", "") == "llama")
        , m_tokens(m_fields.requiredTexts("tokenizer.ggml.tokens"))
        , m_types(m_fields.requiredWholes("tokenizer.ggml.token_type")) {}

    Result<HubTokenizer> build(std::int64_t contextLength) {
        if (!m_isOfCharacters)
            if (auto chosen = choosePreTokenizer(); !chosen) return chosen.error();
        if (auto checked = checkVocabulary(); !checked) return checked.error();
        const auto roles = readRoles();
        if (!roles) return roles.error();
        TokenizerParts parts;
        parts.tokens = m_tokens;
        for (const std::int64_t type : m_types)
            parts.kinds.push_back(kindOf(type, m_isOfCharacters));
        parts.roles = *roles;
        if (auto read = m_isOfCharacters ? readCharacters(parts) : readBytes(parts); !read)
            return read.error();
        if (m_fields.has("tokenizer.chat_template"))
            parts.chatTemplate = m_fields.text("tokenizer.chat_template", "");
        parts.contextLength = contextLength;
        auto ends = endTokens();
        if (!ends) return ends.error();
        parts.endTokens = std::move(*ends);
        if (m_fields.problem()) return *m_fields.problem();
        return buildHubTokenizer(parts);
    }

private:
    Error wrong(const std::string& text) const {
        return Error{codes::kGgufTokenizer,
                     m_reader.shownPath() + ": tokenizer: " + text + "; get the file again"};
    }

    Result<void> choosePreTokenizer() {
        const std::string model = m_fields.text("tokenizer.ggml.model", "");
        const std::string pre = m_fields.text("tokenizer.ggml.pre", "");
        const auto found = std::find_if(kPreTokenizers.begin(), kPreTokenizers.end(),
                                        [&](const PreTokenizer& row) { return row.name == pre; });
        std::string known;
        for (const PreTokenizer& row : kPreTokenizers)
            known += (known.empty() ? "" : ", ") + std::string(row.name);
        if (model == "gpt2" && found != kPreTokenizers.end()) {
            m_pre = &*found;
            return {};
        }
        return Error{codes::kGgufUnsupported, m_reader.shownPath() + ": found tokenizer " +
                                                  quotedText(model) + " with pre-tokenizer " +
                                                  quotedText(pre) +
                                                  ", LlamaHome imports llama, and gpt2 with " + known +
                                                  "; get the model in Hub layout"};
    }

    Result<void> checkVocabulary() {
        if (m_fields.problem()) return *m_fields.problem();
        if (m_tokens.empty() || m_types.size() != m_tokens.size())
            return wrong("found " + std::to_string(m_tokens.size()) + " tokens and " +
                         std::to_string(m_types.size()) + " token types, expected as many of both");
        for (std::size_t id = 0; id < m_tokens.size(); ++id) {
            const std::string token = "token " + std::to_string(id) + " " + quotedText(m_tokens[id]);
            if (m_tokens[id].empty() || !isUtf8(m_tokens[id])) return wrong(token + " is not text");
            const std::int32_t last = m_isOfCharacters ? gguf_token_type::kByte : gguf_token_type::kUnused;
            if (m_types[id] < gguf_token_type::kNormal || m_types[id] > last)
                return wrong(token + " has type " + std::to_string(m_types[id]) + ", expected 1 to " +
                             std::to_string(last));
            if (m_types[id] == gguf_token_type::kByte && !isByteToken(m_tokens[id]))
                return wrong(token + " is of the type of bytes, expected a name such as <0x0A>");
            const auto [earlier, isNew] = m_ids.emplace(m_tokens[id], id);
            if (!isNew) return wrong(token + " is also token " + std::to_string(earlier->second));
        }
        return {};
    }

    /// What only a tokenizer of bytes says.
    Result<void> readBytes(TokenizerParts& parts) const {
        parts.split = m_pre->split;
        parts.addsBos = m_fields.flag("tokenizer.ggml.add_bos_token", m_pre->addsBos);
        parts.merges = m_fields.requiredTexts("tokenizer.ggml.merges");
        if (m_fields.problem()) return *m_fields.problem();
        return checkMerges(parts.merges);
    }

    /// What only a tokenizer of characters says; where the file is silent, what llama.cpp takes.
    Result<void> readCharacters(TokenizerParts& parts) const {
        const std::vector<double>& reals = m_fields.requiredReals("tokenizer.ggml.scores");
        CharacterBpe characters;
        characters.addsMark = m_fields.flag("tokenizer.ggml.add_space_prefix", true);
        characters.collapsesBlanks = m_fields.flag("tokenizer.ggml.remove_extra_whitespaces", false);
        characters.byteFallback =
            std::find(parts.kinds.begin(), parts.kinds.end(), TokenKind::Byte) != parts.kinds.end();
        parts.characters = characters;
        parts.addsBos = m_fields.flag("tokenizer.ggml.add_bos_token", true);
        if (m_fields.problem()) return *m_fields.problem();
        if (reals.size() != m_tokens.size())
            return wrong("found " + std::to_string(reals.size()) + " scores of " +
                         std::to_string(m_tokens.size()) + " tokens, expected as many of both");
        if (!std::all_of(reals.begin(), reals.end(), [](double score) { return std::isfinite(score); }))
            return wrong("found a score that is no number");
        const auto unknown = std::find(parts.kinds.begin(), parts.kinds.end(), TokenKind::Unknown);
        if (!parts.roles.unk && unknown != parts.kinds.end()) parts.roles.unk = unknown - parts.kinds.begin();
        auto merges = mergesOfScores(parts, {reals.begin(), reals.end()}, m_reader.shownPath());
        if (!merges) return merges.error();
        parts.merges = std::move(*merges);
        return {};
    }

    Result<void> checkMerges(const std::vector<std::string>& merges) const {
        for (std::size_t i = 0; i < merges.size(); ++i) {
            const std::string_view merge = merges[i];
            const std::size_t blank = merge.find(' ');
            const std::string_view left = merge.substr(0, blank);
            const std::string_view right =
                blank == std::string_view::npos ? std::string_view{} : merge.substr(blank + 1);
            if (!m_ids.contains(left) || !m_ids.contains(right) ||
                !m_ids.contains(std::string(left) + std::string(right)))
                return wrong("merge " + std::to_string(i) + " " + quotedText(merge) +
                             " names parts or a result that are no tokens");
        }
        return {};
    }

    Result<TokenRoles> readRoles() const {
        TokenRoles roles;
        const std::array<std::pair<const char*, std::optional<std::int64_t>*>, 4> keys{
            {{"tokenizer.ggml.bos_token_id", &roles.bos},
             {"tokenizer.ggml.eos_token_id", &roles.eos},
             {"tokenizer.ggml.padding_token_id", &roles.pad},
             {"tokenizer.ggml.unknown_token_id", &roles.unk}}};
        for (const auto& [key, id] : keys) {
            *id = m_fields.whole(key, kAny);
            if (*id && static_cast<std::size_t>(**id) >= m_tokens.size())
                return wrong(std::string(key) + " is " + std::to_string(**id) + ", there are " +
                             std::to_string(m_tokens.size()) + " tokens");
        }
        if (m_fields.problem()) return *m_fields.problem();
        return roles;
    }

    /// Our own list where the file has one; else its end token, its end of turn and of message, and those
    /// that llama.cpp knows by their text.
    Result<std::vector<std::int64_t>> endTokens() const {
        if (m_fields.has(kGgufEndTokenIds)) {
            const std::vector<std::int64_t>& own = m_fields.requiredWholes(kGgufEndTokenIds);
            for (const std::int64_t id : own)
                if (id < 0 || static_cast<std::size_t>(id) >= m_tokens.size())
                    return wrong("the end token " + std::to_string(id) + " is none of " +
                                 std::to_string(m_tokens.size()) + " tokens");
            return own;
        }
        constexpr std::array kKeys{"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                                   "tokenizer.ggml.eom_token_id"};
        std::vector<std::int64_t> ids;
        const auto add = [&](std::int64_t id) {
            if (static_cast<std::size_t>(id) < m_tokens.size() &&
                std::find(ids.begin(), ids.end(), id) == ids.end())
                ids.push_back(id);
        };
        for (const char* key : kKeys)
            if (const auto id = m_fields.whole(key, kAny)) add(*id);
        if (!m_fields.has("tokenizer.chat_template")) return ids;
        for (const std::string_view text : kEndTexts)
            if (const auto found = m_ids.find(text);
                found != m_ids.end() && m_types[found->second] == gguf_token_type::kControl)
                add(static_cast<std::int64_t>(found->second));
        return ids;
    }

    const GgufReader& m_reader;
    GgufFields m_fields;
    bool m_isOfCharacters;
    const std::vector<std::string>& m_tokens;
    const std::vector<std::int64_t>& m_types;
    std::unordered_map<std::string_view, std::size_t> m_ids;
    const PreTokenizer* m_pre = nullptr;
};

} // namespace

bool isGgufEndText(std::string_view text) {
    return std::find(kEndTexts.begin(), kEndTexts.end(), text) != kEndTexts.end();
}

std::string_view ggufPreTokenizer(PieceSplit split) {
    const auto row = std::find_if(kPreTokenizers.begin(), kPreTokenizers.end(),
                                  [&](const PreTokenizer& candidate) { return candidate.split == split; });
    return row->name;
}

Result<HubTokenizer> tokenizerFromGguf(const GgufReader& reader, std::int64_t contextLength) {
    return TokenizerBuilder(reader).build(contextLength);
}

} // namespace llamahome::formats
