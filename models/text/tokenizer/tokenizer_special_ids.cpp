// Tokenizer::load: tokenizer.json or tokenizer.model, with bos and end tokens from the files beside it.
#include <unordered_set>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/json_field.h"
#include "formats/file_text.h"
#include "formats/hub/hub_names.h"
#include "formats/tokenizer/tokenizer_files.h"
#include "text/text_limits.h"
#include "text/token_text.h"
#include "text/tokenizer/tokenizer_data.h"

namespace llamahome::text {
namespace {
namespace fs = std::filesystem;

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

} // namespace

Result<void> readSpecialIds(const fs::path& modelFolder, const Json& config, Tokenizer::Data& data) {
    for (const std::string_view name : {formats::kGenerationConfigFile, formats::kModelConfigFile}) {
        const fs::path path = modelFolder / name;
        const auto json = formats::readJsonIfThere(path);
        if (!json) return json.error();
        const auto ends = idsOf(*json, "eos_token_id", data, displayPath(path));
        if (!ends) return ends.error();
        addEnds(*ends, data);
        const auto bos = idsOf(*json, "bos_token_id", data, displayPath(path));
        if (!bos) return bos.error();
        if (!data.bos && !bos->empty()) data.bos = bos->front();
        if (auto checked = checkRows(*json, data, modelFolder); !checked) return checked;
    }
    const fs::path path = modelFolder / formats::kTokenizerConfig;
    const auto bos = namedToken(config, "bos_token", data, displayPath(path));
    if (!bos) return bos.error();
    if (*bos) data.bos = *bos;
    const auto eos = namedToken(config, "eos_token", data, displayPath(path));
    if (!eos) return eos.error();
    if (*eos) addEnds({**eos}, data);
    if (member(config, "auto_map") != nullptr)
        data.notices.emplace_back(
            "tokenizer_config.json names a class of its own (auto_map); it is not used");
    if (data.bos) data.added.markControl(*data.bos);
    for (const std::int32_t id : data.endTokens)
        data.added.markControl(id);
    return {};
}

Result<Tokenizer> Tokenizer::load(const fs::path& modelFolder) {
    const auto files = formats::readTokenizerFiles(modelFolder);
    if (!files) return files.error();
    auto data = readTokenizerJson(files->tokenizer, files->shown);
    if (!data) return data.error();
    if (auto read = readSpecialIds(modelFolder, files->config, *data); !read) return read.error();
    return Tokenizer(std::make_shared<const Data>(std::move(*data)));
}

} // namespace llamahome::text
