#include "formats/tokenizer/hub_tokenizer_reader.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "formats/file_text.h"
#include "formats/hub/config_fields.h"
#include "formats/hub/hub_names.h"
#include "formats/tokenizer/character_steps.h"
#include "formats/tokenizer/llama3_pattern.h"
#include "formats/tokenizer/tokenizer_files.h"

namespace llamahome::formats {
namespace fs = std::filesystem;
namespace {

/// The member of that name, or null where `json` is no object or has none.
const Json& member(const Json& json, const char* key) {
    static const Json nothing;
    if (!json.is_object()) return nothing;
    const auto found = json.find(key);
    return found == json.end() ? nothing : *found;
}

bool isText(const Json& json, std::string_view text) {
    return json.is_string() && json.get_ref<const std::string&>() == text;
}

bool isFlag(const Json& json, bool value, bool fallback) {
    return (json.is_boolean() ? json.get<bool>() : fallback) == value;
}

/// The steps of a Sequence under `list`, or the one step that `json` is.
std::vector<Json> stepsOf(const Json& json, const char* list) {
    if (json.is_null()) return {};
    const Json& steps = member(json, list);
    if (!isText(member(json, "type"), "Sequence") || !steps.is_array()) return {json};
    return {steps.begin(), steps.end()};
}

bool isByteLevel(const Json& step, bool useRegex) {
    return isText(member(step, "type"), "ByteLevel") &&
           isFlag(member(step, "add_prefix_space"), false, true) &&
           isFlag(member(step, "use_regex"), useRegex, true);
}

std::optional<PieceSplit> splitOf(const Json& preTokenizer) {
    const std::vector<Json> steps = stepsOf(preTokenizer, "pretokenizers");
    if (steps.size() == 1 && isByteLevel(steps[0], true)) return PieceSplit::Gpt2;
    if (steps.size() != 2) return std::nullopt;
    if (isText(member(steps[0], "type"), "Digits") &&
        isFlag(member(steps[0], "individual_digits"), true, false) && isByteLevel(steps[1], true))
        return PieceSplit::SmolLm;
    if (isText(member(steps[0], "type"), "Split") &&
        isText(member(member(steps[0], "pattern"), "Regex"), kLlama3Pattern) &&
        isText(member(steps[0], "behavior"), "Isolated") &&
        isFlag(member(steps[0], "invert"), false, false) && isByteLevel(steps[1], false))
        return PieceSplit::Llama3;
    return std::nullopt;
}

/// The text of a role or template that is a string, or an object with `key`.
std::optional<std::string> textOf(const Json& json, const char* key) {
    const Json& text = json.is_object() ? member(json, key) : json;
    if (!text.is_string()) return std::nullopt;
    return text.get<std::string>();
}

class PartsReader {
public:
    PartsReader(const fs::path& folder, const ModelConfig& config)
        : m_folder(folder)
        , m_config(config) {}

    Result<TokenizerParts> read() {
        if (auto done = readFiles(); !done) return done.error();
        if (auto done = readSplit(); !done) return done.error();
        if (auto done = readTokens(); !done) return done.error();
        if (auto done = readMerges(); !done) return done.error();
        if (auto done = readRoles(); !done) return done.error();
        if (m_parts.characters) nameCharacters();
        readPostProcessor();
        if (auto done = readTemplate(); !done) return done.error();
        if (auto done = readEndTokens(); !done) return done.error();
        m_parts.contextLength = m_config.max_position_embeddings;
        return std::move(m_parts);
    }

private:
    Error unsupported(const std::string& found, const std::string& expected) const {
        return Error{codes::kExportKind, m_shown + ": found " + found + ", expected " + expected +
                                             "; this tokenizer cannot be written to GGUF"};
    }
    Error wrong(const std::string& text) const {
        return Error{codes::kExportCheck, m_shown + ": " + text + "; get the model again"};
    }

    bool hasRow(std::int64_t id) const { return id >= 0 && id < m_config.vocab_size; }

    Result<void> readFiles() {
        auto files = readTokenizerFiles(m_folder);
        if (!files) return files.error();
        m_tokenizer = std::move(files->tokenizer);
        m_tokenizerConfig = std::move(files->config);
        m_shown = std::move(files->shown);
        return {};
    }

    Result<void> readSplit() {
        const Json& model = member(m_tokenizer, "model");
        if (!isText(member(model, "type"), "BPE")) return unsupported("a model of another kind", "BPE");
        if (isCharacterTokenizer(m_tokenizer)) return readCharacterSteps();
        const auto split = splitOf(member(m_tokenizer, "pre_tokenizer"));
        if (!split) return unsupported("an unknown pre-tokenizer", "that of GPT-2, SmolLM or Llama 3");
        m_parts.split = *split;
        if (isFlag(member(model, "ignore_merges"), *split == PieceSplit::Llama3, false)) return {};
        return unsupported("ignore_merges against the pre-tokenizer's custom", "true for Llama 3 only");
    }

    Result<void> readCharacterSteps() {
        m_parts.characters = characterSteps(m_tokenizer);
        if (!m_parts.characters)
            return unsupported("a normalizer or pre-tokenizer of its own", "those of Llama 2");
        if (isFlag(member(member(m_tokenizer, "model"), "ignore_merges"), false, false)) return {};
        return unsupported("ignore_merges", "that all tokens are merged");
    }

    /// Of a tokenizer of characters: the unknown token, and the tokens of bytes.
    void nameCharacters() {
        const auto unknown = textOf(member(member(m_tokenizer, "model"), "unk_token"), "content");
        const auto found = unknown ? m_ids.find(*unknown) : m_ids.end();
        if (found != m_ids.end()) m_parts.roles.unk = static_cast<std::int64_t>(found->second);
        if (m_parts.roles.unk)
            m_parts.kinds[static_cast<std::size_t>(*m_parts.roles.unk)] = TokenKind::Unknown;
        constexpr std::string_view kDigits = "0123456789ABCDEF";
        for (std::size_t byte = 0; m_parts.characters->byteFallback && byte < 256; ++byte) {
            const auto token = m_ids.find({'<', '0', 'x', kDigits[byte / 16], kDigits[byte % 16], '>'});
            if (token != m_ids.end() && m_parts.kinds[token->second] == TokenKind::Ordinary)
                m_parts.kinds[token->second] = TokenKind::Byte;
        }
    }

    Result<void> addToken(std::string text, const Json& id, TokenKind kind) {
        if (!id.is_number_integer() || id < 0 || id >= m_config.vocab_size)
            return wrong("token " + quotedText(text) + " has the id " + quotedText(writeJsonLine(id)) +
                         ", the embedding " + std::to_string(m_config.vocab_size) + " rows");
        const auto place = id.get<std::size_t>();
        std::string& token = m_parts.tokens[place];
        if (!token.empty() && token != text)
            return wrong("tokens " + quotedText(token) + " and " + quotedText(text) + " have the id " +
                         std::to_string(place));
        const auto [known, isNew] = m_ids.emplace(text, place);
        if (text.empty() || (!isNew && known->second != place))
            return wrong("token " + quotedText(text) + " is empty or has two ids");
        token = std::move(text);
        m_parts.kinds[place] = kind;
        return {};
    }

    Result<void> readTokens() {
        const auto rows = static_cast<std::size_t>(m_config.vocab_size);
        m_parts.tokens.resize(rows);
        m_parts.kinds.resize(rows, TokenKind::Unused);
        const Json& vocabulary = member(member(m_tokenizer, "model"), "vocab");
        if (!vocabulary.is_object() || vocabulary.empty()) return wrong("found no vocabulary");
        for (const auto& [text, id] : vocabulary.items())
            if (auto added = addToken(text, id, TokenKind::Ordinary); !added) return added;
        const Json& special = member(m_tokenizer, "added_tokens");
        for (const Json& token : special.is_array() ? special : Json::array()) {
            auto text = textOf(token, "content");
            auto added = addToken(text.value_or(""), member(token, "id"), kindOfAdded(token));
            if (!added) return added;
        }
        for (std::size_t id = 0; id < rows; ++id)
            if (m_parts.tokens[id].empty()) m_parts.tokens[id] = "[PAD" + std::to_string(id) + "]";
        return {};
    }

    static TokenKind kindOfAdded(const Json& token) {
        return isFlag(member(token, "special"), true, false) ? TokenKind::Special : TokenKind::UserDefined;
    }

    /// "left right", or a list of the two.
    Result<void> readMerges() {
        const Json& merges = member(member(m_tokenizer, "model"), "merges");
        if (!merges.is_array()) return wrong("found no list of merges");
        for (const Json& merge : merges) {
            if (merge.is_string()) {
                m_parts.merges.push_back(merge.get<std::string>());
            } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
                       merge[1].is_string()) {
                m_parts.merges.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
            } else {
                return wrong("merge " + std::to_string(m_parts.merges.size()) + " is not a pair of texts");
            }
            if (std::count(m_parts.merges.back().begin(), m_parts.merges.back().end(), ' ') != 1)
                return unsupported("the merge " + quotedText(m_parts.merges.back()),
                                   "two parts without blanks");
        }
        return {};
    }

    Result<void> readRoles() {
        const std::array<std::pair<const char*, std::optional<std::int64_t>*>, 4> roles{
            {{"bos_token", &m_parts.roles.bos},
             {"eos_token", &m_parts.roles.eos},
             {"pad_token", &m_parts.roles.pad},
             {"unk_token", &m_parts.roles.unk}}};
        for (const auto& [key, id] : roles) {
            const auto text = textOf(member(m_tokenizerConfig, key), "content");
            if (!text || text->empty()) continue;
            const auto found = m_ids.find(*text);
            if (found == m_ids.end())
                return wrong(std::string(key) + " " + quotedText(*text) + " is not in the vocabulary");
            *id = static_cast<std::int64_t>(found->second);
        }
        if (!m_parts.roles.bos) m_parts.roles.bos = m_config.bos_token_id;
        if (!m_parts.roles.eos && !m_config.eos_token_ids.empty())
            m_parts.roles.eos = m_config.eos_token_ids.front();
        for (const auto& [key, id] : roles)
            if (*id && !hasRow(**id))
                return wrong(std::string(key) + " " + std::to_string(**id) + " is beyond the embedding");
        return {};
    }

    /// Whether a template of the post-processor puts the bos token before a text.
    void readPostProcessor() {
        for (const Json& step : stepsOf(member(m_tokenizer, "post_processor"), "processors")) {
            const Json& single = member(step, "single");
            if (!single.is_array() || single.empty() || !m_parts.roles.bos) continue;
            const Json& first = member(member(single.front(), "SpecialToken"), "id");
            if (isText(first, m_parts.tokens[static_cast<std::size_t>(*m_parts.roles.bos)]))
                m_parts.addsBos = true;
        }
    }

    Result<void> readTemplate() {
        auto text = readChatTemplate(m_folder, m_tokenizerConfig);
        if (!text) return text.error();
        m_parts.chatTemplate = std::move(*text);
        return {};
    }

    /// As Tokenizer::load() joins them, so that what an answer ends with is the same wherever it is read.
    Result<void> readEndTokens() {
        const fs::path path = m_folder / kGenerationConfigFile;
        const auto generation = readJsonIfThere(path);
        if (!generation) return generation.error();
        std::vector<std::int64_t> ends;
        if (generation->is_object()) {
            const ConfigFields fields(*generation, displayPath(path));
            ends = fields.tokenIds("eos_token_id", {});
            if (fields.problem()) return *fields.problem();
        }
        ends.insert(ends.end(), m_config.eos_token_ids.begin(), m_config.eos_token_ids.end());
        if (m_parts.roles.eos) ends.push_back(*m_parts.roles.eos);
        for (const std::int64_t id : ends) {
            if (!hasRow(id)) return wrong("the end token " + std::to_string(id) + " is beyond the embedding");
            auto& known = m_parts.endTokens;
            if (std::find(known.begin(), known.end(), id) == known.end()) known.push_back(id);
        }
        return {};
    }

    const fs::path& m_folder;
    const ModelConfig& m_config;
    std::string m_shown;
    Json m_tokenizer;
    Json m_tokenizerConfig;
    TokenizerParts m_parts;
    std::unordered_map<std::string, std::size_t> m_ids;
};

} // namespace

Result<TokenizerParts> readTokenizerParts(const fs::path& folder, const ModelConfig& config) {
    return PartsReader(folder, config).read();
}

} // namespace llamahome::formats
