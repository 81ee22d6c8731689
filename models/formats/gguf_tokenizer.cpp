#include "formats/gguf_tokenizer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <unordered_map>

#include "core/error_codes.h"
#include "core/utf8.h"
#include "formats/file_text.h"
#include "formats/gguf_fields.h"
#include "formats/llama3_pattern.h"

namespace llamahome::formats {
namespace {

constexpr std::int64_t kAny = std::numeric_limits<std::int32_t>::max();

/// tokenizer.ggml.token_type (llama.md 8.2).
enum TokenType : std::int64_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5 };

Json byteLevel(bool useRegex) {
    return Json{
        {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", useRegex}};
}

Json gpt2Split() {
    return byteLevel(true);
}

Json smollmSplit() {
    const Json digits{{"type", "Digits"}, {"individual_digits", true}};
    return Json{{"type", "Sequence"}, {"pretokenizers", Json::array({digits, byteLevel(true)})}};
}

Json llama3Split() {
    const Json split{{"type", "Split"},
                     {"pattern", Json{{"Regex", kLlama3Pattern}}},
                     {"behavior", "Isolated"},
                     {"invert", false}};
    return Json{{"type", "Sequence"}, {"pretokenizers", Json::array({split, byteLevel(false)})}};
}

/// One row for each pre-tokenizer that llama.cpp knows by that name and that is converted.
struct PreTokenizer {
    std::string_view name;
    Json (*split)();
    bool wholePieceFirst; ///< a piece that is a token is not merged: tokenizer.json's ignore_merges
    bool addsBos;         ///< where the file does not say
};

constexpr std::array kPreTokenizers{
    PreTokenizer{"smollm", smollmSplit, false, false},
    PreTokenizer{"gpt-2", gpt2Split, false, false},
    PreTokenizer{"llama-bpe", llama3Split, true, true},
};

class TokenizerBuilder {
public:
    explicit TokenizerBuilder(const GgufReader& reader)
        : m_reader(reader)
        , m_fields(reader)
        , m_tokens(m_fields.requiredTexts("tokenizer.ggml.tokens"))
        , m_types(m_fields.requiredWholes("tokenizer.ggml.token_type"))
        , m_merges(m_fields.requiredTexts("tokenizer.ggml.merges")) {}

    Result<HubTokenizer> build(std::int64_t contextLength) {
        if (auto chosen = choosePreTokenizer(); !chosen) return chosen.error();
        if (auto checked = checkVocabulary(); !checked) return checked.error();
        if (auto checked = checkMerges(); !checked) return checked.error();
        if (auto roles = readRoles(); !roles) return roles.error();
        HubTokenizer result;
        result.size = static_cast<std::int64_t>(usedTokens());
        result.tokenizer = tokenizerJson();
        result.specialTokens = specialTokensJson();
        result.config = configJson(contextLength);
        result.endTokens = endTokens();
        result.padToken = roleId("pad_token");
        if (m_fields.problem()) return *m_fields.problem();
        return result;
    }

private:
    struct Role {
        std::string_view hubName;
        std::string_view ggufKey;
        std::optional<std::int64_t> id = {};
    };

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
                                                  quotedText(pre) + ", LlamaHome imports gpt2 with " + known +
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
            if (m_types[id] < kNormal || m_types[id] > kUnused)
                return wrong(token + " has type " + std::to_string(m_types[id]) + ", expected 1 to 5");
            const auto [earlier, isNew] = m_ids.emplace(m_tokens[id], id);
            if (!isNew) return wrong(token + " is also token " + std::to_string(earlier->second));
        }
        return {};
    }

    Result<void> checkMerges() const {
        for (std::size_t i = 0; i < m_merges.size(); ++i) {
            const std::string_view merge = m_merges[i];
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

    Result<void> readRoles() {
        for (Role& role : m_roles) {
            role.id = m_fields.whole(role.ggufKey, kAny);
            if (role.id && static_cast<std::size_t>(*role.id) >= m_tokens.size())
                return wrong(std::string(role.ggufKey) + " is " + std::to_string(*role.id) + ", there are " +
                             std::to_string(m_tokens.size()) + " tokens");
        }
        if (m_fields.problem()) return *m_fields.problem();
        return {};
    }

    std::optional<std::int64_t> roleId(std::string_view hubName) const {
        for (const Role& role : m_roles)
            if (role.hubName == hubName) return role.id;
        return std::nullopt;
    }

    bool isAdded(std::size_t id) const {
        return m_types[id] == kControl || m_types[id] == kUnknown || m_types[id] == kUserDefined;
    }
    /// Tokens without the unused ones at the end, which only fill the embedding.
    std::size_t usedTokens() const {
        std::size_t count = m_tokens.size();
        while (count > 0 && m_types[count - 1] == kUnused)
            --count;
        return count;
    }
    /// Ids below this stand in the model's vocabulary. Added tokens behind the last ordinary one do not, as
    /// in Llama 3; added tokens before it must, or the library would number them anew.
    std::size_t vocabularySize() const {
        std::size_t count = usedTokens();
        while (count > 0 && isAdded(count - 1))
            --count;
        return count;
    }

    Json addedToken(std::size_t id) const {
        return Json{{"content", m_tokens[id]}, {"single_word", false},
                    {"lstrip", false},         {"rstrip", false},
                    {"normalized", false},     {"special", m_types[id] != kUserDefined}};
    }

    Json tokenizerJson() const {
        Json added = Json::array();
        for (std::size_t id = 0; id < usedTokens(); ++id) {
            if (!isAdded(id)) continue;
            Json entry{{"id", id}};
            entry.update(addedToken(id));
            added.push_back(std::move(entry));
        }
        Json decoder = byteLevel(true);
        decoder["add_prefix_space"] = true;
        return Json{{"version", "1.0"},
                    {"truncation", nullptr},
                    {"padding", nullptr},
                    {"added_tokens", std::move(added)},
                    {"normalizer", nullptr},
                    {"pre_tokenizer", m_pre->split()},
                    {"post_processor", postProcessor()},
                    {"decoder", std::move(decoder)},
                    {"model", modelJson()}};
    }

    Json modelJson() const {
        Json vocabulary = Json::object();
        auto& members =
            vocabulary.get_ref<Json::object_t&>(); // appended: assignment by key looks through all
        members.reserve(vocabularySize());
        for (std::size_t id = 0; id < vocabularySize(); ++id)
            members.emplace_back(m_tokens[id], Json(id));
        return Json{{"type", "BPE"},
                    {"dropout", nullptr},
                    {"unk_token", nullptr},
                    {"continuing_subword_prefix", nullptr},
                    {"end_of_word_suffix", nullptr},
                    {"fuse_unk", false},
                    {"byte_fallback", false},
                    {"ignore_merges", m_pre->wholePieceFirst},
                    {"vocab", std::move(vocabulary)},
                    {"merges", m_merges}};
    }

    bool addsBos() const { return m_fields.flag("tokenizer.ggml.add_bos_token", m_pre->addsBos); }

    /// Puts the first token before each text where the file asks for it; else nothing.
    Json postProcessor() const {
        const auto bos = roleId("bos_token");
        if (!addsBos() || !bos) return Json();
        const std::string& text = m_tokens[static_cast<std::size_t>(*bos)];
        const auto special = [&](int type) {
            return Json{{"SpecialToken", Json{{"id", text}, {"type_id", type}}}};
        };
        const auto sequence = [](const char* id, int type) {
            return Json{{"Sequence", Json{{"id", id}, {"type_id", type}}}};
        };
        Json tokens = Json::object();
        tokens[text] = Json{{"id", text}, {"ids", Json::array({*bos})}, {"tokens", Json::array({text})}};
        return Json{{"type", "TemplateProcessing"},
                    {"single", Json::array({special(0), sequence("A", 0)})},
                    {"pair", Json::array({special(0), sequence("A", 0), special(1), sequence("B", 1)})},
                    {"special_tokens", std::move(tokens)}};
    }

    Json specialTokensJson() const {
        Json roles = Json::object();
        for (const Role& role : m_roles)
            if (role.id) roles[std::string(role.hubName)] = m_tokens[static_cast<std::size_t>(*role.id)];
        return roles;
    }

    Json configJson(std::int64_t contextLength) const {
        Json decoder = Json::object();
        for (std::size_t id = 0; id < usedTokens(); ++id)
            if (isAdded(id)) decoder[std::to_string(id)] = addedToken(id);
        Json json{{"add_prefix_space", false}, {"added_tokens_decoder", std::move(decoder)}};
        json.update(specialTokensJson());
        if (m_fields.has("tokenizer.chat_template"))
            json["chat_template"] = m_fields.text("tokenizer.chat_template", "");
        json["clean_up_tokenization_spaces"] = false;
        json["model_input_names"] = Json::array({"input_ids", "attention_mask"});
        json["model_max_length"] = contextLength;
        json["tokenizer_class"] = "PreTrainedTokenizerFast";
        return json;
    }

    /// The file's end token, then its end of turn and of message, then those that llama.cpp knows by their
    /// text.
    std::vector<std::int64_t> endTokens() const {
        constexpr std::array kKeys{"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                                   "tokenizer.ggml.eom_token_id"};
        constexpr std::array<std::string_view, 3> kTexts{"<|end_of_text|>", "<|eom_id|>", "<|eot_id|>"};
        std::vector<std::int64_t> ids;
        const auto add = [&](std::int64_t id) {
            if (static_cast<std::size_t>(id) < m_tokens.size() &&
                std::find(ids.begin(), ids.end(), id) == ids.end())
                ids.push_back(id);
        };
        for (const char* key : kKeys)
            if (const auto id = m_fields.whole(key, kAny)) add(*id);
        if (!m_fields.has("tokenizer.chat_template")) return ids;
        for (const std::string_view text : kTexts)
            if (const auto found = m_ids.find(text);
                found != m_ids.end() && m_types[found->second] == kControl)
                add(static_cast<std::int64_t>(found->second));
        return ids;
    }

    const GgufReader& m_reader;
    GgufFields m_fields;
    const std::vector<std::string>& m_tokens;
    const std::vector<std::int64_t>& m_types;
    const std::vector<std::string>& m_merges;
    std::unordered_map<std::string_view, std::size_t> m_ids;
    const PreTokenizer* m_pre = nullptr;
    std::array<Role, 4> m_roles{Role{"bos_token", "tokenizer.ggml.bos_token_id"},
                                Role{"eos_token", "tokenizer.ggml.eos_token_id"},
                                Role{"pad_token", "tokenizer.ggml.padding_token_id"},
                                Role{"unk_token", "tokenizer.ggml.unknown_token_id"}};
};

} // namespace

Result<HubTokenizer> tokenizerFromGguf(const GgufReader& reader, std::int64_t contextLength) {
    return TokenizerBuilder(reader).build(contextLength);
}

} // namespace llamahome::formats
