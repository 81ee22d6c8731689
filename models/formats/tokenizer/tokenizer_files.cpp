#include "formats/tokenizer/tokenizer_files.h"

#include <charconv>
#include <unordered_set>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/hub/hub_names.h"
#include "formats/tokenizer/sentencepiece_model.h"

namespace llamahome::formats {
namespace fs = std::filesystem;
namespace {

/// The member `key` of an object if it is a text.
std::optional<std::string> textMember(const Json& json, const char* key) {
    if (!json.is_object()) return std::nullopt;
    const auto found = json.find(key);
    if (found == json.end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
}

/// tokenizer_config.json may list added tokens that tokenizer.json lacks; transformers takes both.
void mergeAddedTokens(const Json& config, Json& tokenizer) {
    if (!config.is_object() || !tokenizer.is_object()) return;
    const auto decoder = config.find("added_tokens_decoder");
    if (decoder == config.end() || !decoder->is_object()) return;
    Json& list = tokenizer["added_tokens"];
    if (list.is_null()) list = Json::array();
    if (!list.is_array()) return;
    std::unordered_set<std::string> known;
    for (const Json& token : list)
        known.insert(textMember(token, "content").value_or(""));
    for (const auto& [key, flags] : decoder->items()) {
        const std::string text = textMember(flags, "content").value_or("");
        std::int32_t id = -1;
        std::from_chars(key.data(), key.data() + key.size(), id);
        if (text.empty() || known.contains(text)) continue;
        Json token = flags;
        token["id"] = id;
        list.push_back(std::move(token));
    }
}

Result<Json> parseFile(const std::string& text, const std::string& shown) {
    JsonPlace place;
    return parseJsonAt(text, shown, place);
}

/// The content of tokenizer.json, or of one made of tokenizer.model.
Result<void> readTokenizer(const fs::path& folder, TokenizerFiles& files) {
    files.shown = displayPath(folder / kTokenizerFile);
    const auto text = readFile(folder / kTokenizerFile, kMaxTokenizerBytes);
    std::error_code ignored;
    if (!text && text.error().code == codes::kFileNotFound && fs::exists(folder / kTokenizerModel, ignored)) {
        const auto bytes = readFile(folder / kTokenizerModel, kMaxTokenizerBytes);
        if (!bytes) return bytes.error();
        if (!isSentencePieceModel(*bytes))
            return Error{codes::kTokenizerKind, displayPath(folder) +
                                                    ": found tokenizer.model, expected "
                                                    "tokenizer.json; get the model in Hub layout"};
        files.shown = displayPath(folder / kTokenizerModel);
        auto model = tokenizerFromSentencePiece(*bytes, files.shown);
        if (!model) return model.error();
        files.tokenizer = std::move(model->tokenizer);
        files.config = std::move(model->config);
        return {};
    }
    if (!text) return text.error();
    auto json = parseFile(*text, files.shown);
    if (!json) return json.error();
    files.tokenizer = std::move(*json);
    return {};
}

} // namespace

Result<Json> readJsonIfThere(const fs::path& path) {
    const auto text = readFile(path, kMaxTokenizerBytes);
    if (!text && text.error().code == codes::kFileNotFound) return Json();
    if (!text) return text.error();
    return parseFile(*text, displayPath(path));
}

Result<TokenizerFiles> readTokenizerFiles(const fs::path& folder) {
    TokenizerFiles files;
    if (auto read = readTokenizer(folder, files); !read) return read.error();
    auto config = readJsonIfThere(folder / kTokenizerConfig);
    if (!config) return config.error();
    if (!config->is_null()) files.config = std::move(*config);
    mergeAddedTokens(files.config, files.tokenizer);
    return files;
}

Result<std::optional<std::string>> readChatTemplate(const fs::path& folder, const Json& tokenizerConfig) {
    auto file = readFile(folder / kChatTemplateFile, kMaxTokenizerBytes);
    if (file) return std::optional(std::move(*file));
    if (file.error().code != codes::kFileNotFound) return file.error();
    if (!tokenizerConfig.is_object() || !tokenizerConfig.contains("chat_template"))
        return std::optional<std::string>();
    const Json& entries = tokenizerConfig["chat_template"];
    if (entries.is_object()) return textMember(entries, "default");
    if (!entries.is_array()) return textMember(tokenizerConfig, "chat_template");
    for (const Json& entry : entries)
        if (textMember(entry, "name") == "default") return textMember(entry, "template");
    return std::optional<std::string>();
}

} // namespace llamahome::formats
