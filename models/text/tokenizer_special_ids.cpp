// Tokenizer::load: tokenizer.json or tokenizer.model, with bos and end tokens from the files beside it.
#include <charconv>
#include <unordered_set>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/file_text.h"
#include "formats/tokenizer/sentencepiece_model.h"
#include "text/json_field.h"
#include "text/text_limits.h"
#include "text/tokenizer_data.h"

namespace llamahome::text {
namespace {
namespace fs = std::filesystem;

/// The file's content, or null JSON where there is no such file.
Result<Json> readIfThere(const fs::path& path) {
    const auto text = readFile(path, kMaxTokenizerBytes);
    if (!text && text.error().code == codes::kFileNotFound) return Json();
    if (!text) return text.error();
    JsonPlace place;
    return parseJsonAt(*text, displayPath(path), place);
}

/// The ids of an entry that is one id, a list of ids, null or absent.
Result<std::vector<std::int32_t>> idsOf(const Json& json, std::string_view key, const Tokenizer::Data& data,
                                        const std::string& where) {
    const Json* value = member(json, key);
    std::vector<std::int32_t> ids;
    if (value == nullptr || value->is_null()) return ids;
    for (const Json& id : value->is_array() ? *value : Json::array({*value})) {
        if (!id.is_number_integer() || id < 0 || id >= kMaxTokens || !data.hasToken(id.get<std::int32_t>()))
            return Error{codes::kSpecialToken, where + ": " + std::string(key) + " is " +
                                                   formats::quotedText(writeJsonLine(id)) +
                                                   ", expected the id of a token below " +
                                                   std::to_string(data.vocabSize) + "; get the model again"};
        ids.push_back(id.get<std::int32_t>());
    }
    return ids;
}

/// The id of a token that tokenizer_config.json names as text or as {"content": text}.
Result<std::optional<std::int32_t>> namedToken(const Json& json, std::string_view key,
                                               const Tokenizer::Data& data, const std::string& where) {
    const std::string text = tokenText(json, key);
    if (text.empty()) return std::optional<std::int32_t>();
    const auto id = data.idOf(text);
    if (id) return id;
    return Error{codes::kSpecialToken, where + ": " + std::string(key) + " is " + formats::quotedText(text) +
                                           ", which is not in the vocabulary; get the model again"};
}

void addEnds(const std::vector<std::int32_t>& ids, Tokenizer::Data& data) {
    std::unordered_set<std::int32_t> known(data.endTokens.begin(), data.endTokens.end());
    for (const std::int32_t id : ids)
        if (known.insert(id).second) data.endTokens.push_back(id);
}

/// tokenizer_config.json may list added tokens that tokenizer.json lacks; transformers takes both.
void mergeAddedTokens(const Json& config, Json& tokenizer) {
    const Json* decoder = member(config, "added_tokens_decoder");
    if (decoder == nullptr || !decoder->is_object() || !tokenizer.is_object()) return;
    Json& list = tokenizer["added_tokens"];
    if (list.is_null()) list = Json::array();
    if (!list.is_array()) return;
    std::unordered_set<std::string> known;
    for (const Json& token : list)
        known.insert(stringField(token, "content"));
    for (const auto& [key, flags] : decoder->items()) {
        const std::string text = stringField(flags, "content");
        std::int32_t id = -1;
        std::from_chars(key.data(), key.data() + key.size(), id);
        if (text.empty() || known.contains(text)) continue;
        Json token = flags;
        token["id"] = id;
        list.push_back(std::move(token));
    }
}

/// Refuses a vocabulary that the model has no rows for (TK-09).
Result<void> checkRows(const Json& config, const Tokenizer::Data& data, const fs::path& folder) {
    const Json* text = member(config, "text_config");
    const Json* rows = member(text != nullptr ? *text : config, "vocab_size");
    if (rows == nullptr || !rows->is_number_integer() || *rows >= data.vocabSize) return {};
    return Error{codes::kAddedToken, displayPath(folder) + ": the tokenizer has " +
                                         std::to_string(data.vocabSize) + " entries, the model " +
                                         writeJsonLine(*rows) +
                                         "; take the tokenizer that belongs to the model"};
}

/// The content of the folder's tokenizer.json, or what its tokenizer.model makes of one, and the file's name.
Result<std::pair<Json, std::string>> readTokenizerOf(const fs::path& folder) {
    std::string name = displayPath(folder / "tokenizer.json");
    const auto text = readFile(folder / "tokenizer.json", kMaxTokenizerBytes);
    std::error_code ignored;
    if (!text && text.error().code == codes::kFileNotFound &&
        fs::exists(folder / "tokenizer.model", ignored)) {
        const auto bytes = readFile(folder / "tokenizer.model", kMaxTokenizerBytes);
        if (!bytes) return bytes.error();
        if (!formats::isSentencePieceModel(*bytes))
            return Error{codes::kTokenizerKind, displayPath(folder) +
                                                    ": found tokenizer.model, expected "
                                                    "tokenizer.json; get the model in Hub layout"};
        name = displayPath(folder / "tokenizer.model");
        auto model = formats::tokenizerFromSentencePiece(*bytes, name);
        if (!model) return model.error();
        return std::pair{std::move(model->tokenizer), std::move(name)};
    }
    if (!text) return text.error();
    JsonPlace place;
    auto json = parseJsonAt(*text, name, place);
    if (!json) return json.error();
    return std::pair{std::move(*json), std::move(name)};
}

} // namespace

Result<void> readSpecialIds(const fs::path& modelFolder, Tokenizer::Data& data) {
    for (const char* name : {"generation_config.json", "config.json"}) {
        const fs::path path = modelFolder / name;
        const auto json = readIfThere(path);
        if (!json) return json.error();
        const auto ends = idsOf(*json, "eos_token_id", data, displayPath(path));
        if (!ends) return ends.error();
        addEnds(*ends, data);
        const auto bos = idsOf(*json, "bos_token_id", data, displayPath(path));
        if (!bos) return bos.error();
        if (!data.bos && !bos->empty()) data.bos = bos->front();
        if (auto checked = checkRows(*json, data, modelFolder); !checked) return checked;
    }
    const fs::path path = modelFolder / "tokenizer_config.json";
    const auto json = readIfThere(path);
    if (!json) return json.error();
    const auto bos = namedToken(*json, "bos_token", data, displayPath(path));
    if (!bos) return bos.error();
    if (*bos) data.bos = *bos;
    const auto eos = namedToken(*json, "eos_token", data, displayPath(path));
    if (!eos) return eos.error();
    if (*eos) addEnds({**eos}, data);
    if (member(*json, "auto_map") != nullptr)
        data.notices.emplace_back(
            "tokenizer_config.json names a class of its own (auto_map); it is not used");
    if (data.bos) data.added.markControl(*data.bos);
    for (const std::int32_t id : data.endTokens)
        data.added.markControl(id);
    return {};
}

Result<Tokenizer> Tokenizer::load(const fs::path& modelFolder) {
    auto tokenizer = readTokenizerOf(modelFolder);
    if (!tokenizer) return tokenizer.error();
    auto& [json, name] = *tokenizer;
    const auto config = readIfThere(modelFolder / "tokenizer_config.json");
    if (!config) return config.error();
    mergeAddedTokens(*config, json);
    auto data = readTokenizerJson(json, name);
    if (!data) return data.error();
    if (auto read = readSpecialIds(modelFolder, *data); !read) return read.error();
    return Tokenizer(std::make_shared<const Data>(std::move(*data)));
}

} // namespace llamahome::text
