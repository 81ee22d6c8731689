#include "formats/tokenizer/hub_tokenizer.h"

#include <array>
#include <utility>

#include "formats/tokenizer/character_steps.h"
#include "formats/tokenizer/llama3_pattern.h"

namespace llamahome::formats {
namespace {

Json byteLevel(bool useRegex) {
    return Json{
        {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", useRegex}};
}

Json sequenceOf(Json first, Json second) {
    return Json{{"type", "Sequence"}, {"pretokenizers", Json::array({std::move(first), std::move(second)})}};
}

Json preTokenizer(PieceSplit split) {
    switch (split) {
    case PieceSplit::SmolLm:
        return sequenceOf(Json{{"type", "Digits"}, {"individual_digits", true}}, byteLevel(true));
    case PieceSplit::Llama3:
        return sequenceOf(Json{{"type", "Split"},
                               {"pattern", Json{{"Regex", kLlama3Pattern}}},
                               {"behavior", "Isolated"},
                               {"invert", false}},
                          byteLevel(false));
    case PieceSplit::Gpt2:
        break;
    }
    return byteLevel(true);
}

class Builder {
public:
    explicit Builder(const TokenizerParts& parts)
        : m_parts(parts) {}

    HubTokenizer build() const {
        HubTokenizer result;
        result.size = static_cast<std::int64_t>(usedTokens());
        result.tokenizer = tokenizerJson();
        result.specialTokens = specialTokensJson();
        result.config = configJson();
        result.endTokens = m_parts.endTokens;
        result.bosToken = m_parts.roles.bos;
        result.padToken = m_parts.roles.pad;
        return result;
    }

private:
    const std::string& text(std::int64_t id) const { return m_parts.tokens[static_cast<std::size_t>(id)]; }
    bool isSpecial(std::size_t id) const {
        return m_parts.kinds[id] == TokenKind::Special || m_parts.kinds[id] == TokenKind::Unknown;
    }
    bool isAdded(std::size_t id) const {
        return m_parts.kinds[id] == TokenKind::UserDefined || isSpecial(id);
    }
    /// Tokens without the unused ones at the end, which only fill the embedding.
    std::size_t usedTokens() const {
        std::size_t count = m_parts.tokens.size();
        while (count > 0 && m_parts.kinds[count - 1] == TokenKind::Unused)
            --count;
        return count;
    }
    /// Ids below this stand in the model's vocabulary. Added tokens behind the last ordinary one do not, as
    /// in Llama 3; added tokens before it must, or the library would number them anew, and the unknown token
    /// must, because the model names it.
    std::size_t vocabularySize() const {
        std::size_t count = usedTokens();
        while (count > 0 && isAdded(count - 1) && m_parts.kinds[count - 1] != TokenKind::Unknown)
            --count;
        return count;
    }

    Json addedToken(std::size_t id) const {
        return Json{
            {"content", m_parts.tokens[id]}, {"single_word", false},    {"lstrip", false}, {"rstrip", false},
            {"normalized", false},           {"special", isSpecial(id)}};
    }

    Json tokenizerJson() const {
        Json added = Json::array();
        for (std::size_t id = 0; id < usedTokens(); ++id) {
            if (!isAdded(id)) continue;
            Json entry{{"id", id}};
            entry.update(addedToken(id));
            added.push_back(std::move(entry));
        }
        const auto& characters = m_parts.characters;
        return Json{{"version", "1.0"},
                    {"truncation", nullptr},
                    {"padding", nullptr},
                    {"added_tokens", std::move(added)},
                    {"normalizer", characters ? characterNormalizer(*characters) : Json()},
                    {"pre_tokenizer", characters ? Json() : preTokenizer(m_parts.split)},
                    {"post_processor", postProcessor()},
                    {"decoder", characters ? characterDecoder(*characters) : byteDecoder()},
                    {"model", modelJson()}};
    }

    static Json byteDecoder() {
        Json decoder = byteLevel(true);
        decoder["add_prefix_space"] = true;
        return decoder;
    }

    /// The newer form for the newer kind: the reference library reads pairs and "left right" alike.
    Json mergesJson() const {
        if (!m_parts.characters) return m_parts.merges;
        Json merges = Json::array();
        for (const std::string& merge : m_parts.merges) {
            const std::size_t blank = merge.find(' ');
            merges.push_back(Json::array({merge.substr(0, blank), merge.substr(blank + 1)}));
        }
        return merges;
    }

    Json modelJson() const {
        Json vocabulary = Json::object();
        auto& members =
            vocabulary.get_ref<Json::object_t&>(); // appended: assignment by key looks through all
        members.reserve(vocabularySize());
        for (std::size_t id = 0; id < vocabularySize(); ++id)
            members.emplace_back(m_parts.tokens[id], Json(id));
        const bool isOfCharacters = m_parts.characters.has_value();
        const auto& unknown = m_parts.roles.unk;
        return Json{{"type", "BPE"},
                    {"dropout", nullptr},
                    {"unk_token", isOfCharacters && unknown ? Json(text(*unknown)) : Json()},
                    {"continuing_subword_prefix", nullptr},
                    {"end_of_word_suffix", nullptr},
                    {"fuse_unk", isOfCharacters},
                    {"byte_fallback", isOfCharacters && m_parts.characters->byteFallback},
                    {"ignore_merges", !isOfCharacters && m_parts.split == PieceSplit::Llama3},
                    {"vocab", std::move(vocabulary)},
                    {"merges", mergesJson()}};
    }

    /// Puts the first token before each text where the tokenizer asks for it; else nothing.
    Json postProcessor() const {
        const auto bos = m_parts.roles.bos;
        if (!m_parts.addsBos || !bos) return Json();
        const auto special = [&](int type) {
            return Json{{"SpecialToken", Json{{"id", text(*bos)}, {"type_id", type}}}};
        };
        const auto sequence = [](const char* id, int type) {
            return Json{{"Sequence", Json{{"id", id}, {"type_id", type}}}};
        };
        Json tokens = Json::object();
        tokens[text(*bos)] =
            Json{{"id", text(*bos)}, {"ids", Json::array({*bos})}, {"tokens", Json::array({text(*bos)})}};
        return Json{{"type", "TemplateProcessing"},
                    {"single", Json::array({special(0), sequence("A", 0)})},
                    {"pair", Json::array({special(0), sequence("A", 0), special(1), sequence("B", 1)})},
                    {"special_tokens", std::move(tokens)}};
    }

    Json specialTokensJson() const {
        const TokenRoles& roles = m_parts.roles;
        const std::array<std::pair<const char*, std::optional<std::int64_t>>, 4> named{
            {{"bos_token", roles.bos},
             {"eos_token", roles.eos},
             {"pad_token", roles.pad},
             {"unk_token", roles.unk}}};
        Json json = Json::object();
        for (const auto& [name, id] : named)
            if (id) json[name] = text(*id);
        return json;
    }

    Json configJson() const {
        Json decoder = Json::object();
        for (std::size_t id = 0; id < usedTokens(); ++id)
            if (isAdded(id)) decoder[std::to_string(id)] = addedToken(id);
        Json json{{"add_prefix_space", m_parts.characters && m_parts.characters->addsMark},
                  {"added_tokens_decoder", std::move(decoder)}};
        json.update(specialTokensJson());
        if (m_parts.chatTemplate) json["chat_template"] = *m_parts.chatTemplate;
        json["clean_up_tokenization_spaces"] = false;
        json["model_input_names"] = Json::array({"input_ids", "attention_mask"});
        json["model_max_length"] = m_parts.contextLength;
        json["tokenizer_class"] = "PreTrainedTokenizerFast";
        return json;
    }

    const TokenizerParts& m_parts;
};

} // namespace

HubTokenizer buildHubTokenizer(const TokenizerParts& parts) {
    return Builder(parts).build();
}

} // namespace llamahome::formats
