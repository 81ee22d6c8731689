// Reads tokenizer.json; the files beside it are tokenizer_special_ids.cpp's.
#include <algorithm>

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "text/json_field.h"
#include "text/text_limits.h"
#include "text/tokenizer_data.h"

namespace llamahome::text {
namespace {

using formats::quotedText;

/// Control tokens are those marked special and those that look like one, however they are marked.
bool looksLikeControl(std::string_view text) {
    return text.size() > 4 && text.starts_with("<|") && text.ends_with("|>");
}

Result<AddedToken> readAddedToken(const Json& json, std::string_view what) {
    const std::string name(what);
    const Json* id = member(json, "id");
    const std::string text = stringField(json, "content");
    if (id == nullptr || !id->is_number_integer() || *id < 0 || *id >= kMaxTokens)
        return Error{codes::kAddedToken, name + ": the added token " + quotedText(text) +
                                             " has no id from 0 to " + std::to_string(kMaxTokens - 1) +
                                             "; get the model again"};
    if (text.empty() || text.size() > kMaxAddedTokenBytes)
        return Error{codes::kAddedToken, name + ": the added token " + writeJsonLine(*id) + " has " +
                                             std::to_string(text.size()) + " bytes of text, expected 1 to " +
                                             std::to_string(kMaxAddedTokenBytes)};
    if (boolField(json, "single_word", false))
        return Error{codes::kTokenizerKind, name + ": the added token " + quotedText(text) +
                                                " has single_word true, which is not read"};
    AddedToken token;
    token.id = id->get<std::int32_t>();
    token.text = text;
    token.special = boolField(json, "special", false);
    token.stripLeft = boolField(json, "lstrip", false);
    token.stripRight = boolField(json, "rstrip", false);
    token.control = token.special || looksLikeControl(text);
    return token;
}

Result<void> addToken(AddedToken token, Tokenizer::Data& data, std::string_view what) {
    const std::string name(what);
    const std::string quoted = quotedText(token.text);
    const std::int32_t inModel = data.model.idOfSpelling(token.text);
    if (inModel >= 0 && inModel != token.id)
        return Error{codes::kTokenTwice, name + ": the token " + quoted + " has the id " +
                                             std::to_string(token.id) + " as an added token and " +
                                             std::to_string(inModel) +
                                             " in the vocabulary; get the model again"};
    const AddedToken* sameId = data.added.byId(token.id);
    if (sameId != nullptr || (data.model.has(token.id) && inModel < 0))
        return Error{codes::kTokenDuplicateId,
                     name + ": the tokens " + quoted + " and " +
                         quotedText(sameId != nullptr ? sameId->text : data.model.bytesOf(token.id)) +
                         " have the same id " + std::to_string(token.id) + "; get the model again"};
    if (const AddedToken* sameText = data.added.byText(token.text))
        return Error{codes::kTokenTwice, name + ": the added token " + quoted + " has the ids " +
                                             std::to_string(sameText->id) + " and " +
                                             std::to_string(token.id) + "; get the model again"};
    if (token.control) data.model.forbidWholePiece(token.id);
    data.vocabSize = std::max(data.vocabSize, static_cast<std::size_t>(token.id) + 1);
    data.added.add(std::move(token));
    return {};
}

Result<void> readAddedTokens(const Json& json, Tokenizer::Data& data, std::string_view what) {
    const Json* list = member(json, "added_tokens");
    if (list == nullptr || list->is_null()) return {};
    if (!list->is_array())
        return Error{codes::kTokenizerShape, std::string(what) + ": \"added_tokens\" is no list"};
    for (const Json& entry : *list) {
        auto token = readAddedToken(entry, what);
        if (!token) return token.error();
        if (auto added = addToken(std::move(*token), data, what); !added) return added;
    }
    return {};
}

Error unknownKind(std::string_view what, const std::string& part, const Json& json,
                  const std::string& known) {
    const std::string type = stringField(json, "type");
    return Error{codes::kTokenizerKind, std::string(what) + ": " + part + " " +
                                            quotedText(type.empty() ? writeJsonLine(json) : type) +
                                            " is not known; known: " + known};
}

Result<void> checkNormalizer(const Json& json, std::string_view what) {
    const Json* normalizer = member(json, "normalizer");
    if (normalizer == nullptr || normalizer->is_null()) return {};
    const Json* parts = member(*normalizer, "normalizers");
    if (stringField(*normalizer, "type") == "Sequence" && parts != nullptr && parts->empty()) return {};
    return unknownKind(what, "normalizer", *normalizer, "none");
}

Result<void> checkDecoder(const Json& json, std::string_view what) {
    const Json* decoder = member(json, "decoder");
    const Json none;
    const Json& kind = decoder == nullptr ? none : *decoder;
    if (stringField(kind, "type") == "ByteLevel") return {};
    return unknownKind(what, "decoder", kind, "ByteLevel");
}

/// The ids of one special token of a TemplateProcessing.
Result<std::vector<std::int32_t>> templateIds(const Json& processor, const std::string& name,
                                              const Tokenizer::Data& data, std::string_view what) {
    const Json* tokens = member(processor, "special_tokens");
    const Json* entry = tokens == nullptr ? nullptr : member(*tokens, name);
    const Json* ids = entry == nullptr ? nullptr : member(*entry, "ids");
    std::vector<std::int32_t> result;
    if (ids != nullptr && ids->is_array()) {
        for (const Json& id : *ids) {
            if (id.is_number_integer() && id >= 0 && id < kMaxTokens && data.hasToken(id.get<std::int32_t>()))
                result.push_back(id.get<std::int32_t>());
        }
    }
    if (!result.empty() && result.size() == ids->size()) return result;
    return Error{codes::kPostProcessor, std::string(what) + ": the post-processor names the special token " +
                                            quotedText(name) +
                                            ", which has no ids in the vocabulary; get the model again"};
}

Result<void> readTemplate(const Json& processor, Tokenizer::Data& data, std::string_view what) {
    const Json* single = member(processor, "single");
    bool afterText = false;
    for (const Json& part : single != nullptr && single->is_array() ? *single : Json::array()) {
        if (member(part, "Sequence") != nullptr) {
            afterText = true;
            continue;
        }
        const Json* token = member(part, "SpecialToken");
        auto ids =
            templateIds(processor, token == nullptr ? std::string() : stringField(*token, "id"), data, what);
        if (!ids) return ids.error();
        auto& side = afterText ? data.after : data.before;
        side.insert(side.end(), ids->begin(), ids->end());
    }
    if (afterText) return {};
    return Error{codes::kPostProcessor,
                 std::string(what) + ": the post-processor's template has no text in it"};
}

Result<void> readPostProcessor(const Json& processor, Tokenizer::Data& data, std::string_view what) {
    const std::string type = stringField(processor, "type");
    if (processor.is_null() || type == "ByteLevel") return {};
    if (type == "TemplateProcessing") return readTemplate(processor, data, what);
    const Json* parts = member(processor, "processors");
    if (type != "Sequence" || parts == nullptr || !parts->is_array())
        return unknownKind(what, "post-processor", processor, "TemplateProcessing, ByteLevel, Sequence");
    for (const Json& part : *parts) {
        if (auto read = readPostProcessor(part, data, what); !read) return read;
    }
    return {};
}

void noteOddities(Tokenizer::Data& data) {
    if (const std::size_t missing = data.model.missingBytes(); missing > 0)
        data.notices.push_back(std::to_string(missing) +
                               " of 256 byte values have no token and cannot be written");
    std::size_t gaps = 0;
    std::size_t first = 0;
    for (std::size_t id = data.vocabSize; id-- > 0;) {
        if (data.hasToken(static_cast<std::int32_t>(id))) continue;
        ++gaps;
        first = id;
    }
    if (gaps > 0)
        data.notices.push_back(std::to_string(gaps) + " ids below " + std::to_string(data.vocabSize) +
                               " stand for no token, the first is " + std::to_string(first));
}

} // namespace

std::optional<std::int32_t> Tokenizer::Data::idOf(std::string_view token) const {
    if (const AddedToken* found = added.byText(token)) return found->id;
    const std::int32_t id = model.idOfSpelling(token);
    return id < 0 ? std::nullopt : std::optional(id);
}

bool Tokenizer::Data::hasToken(std::int32_t id) const {
    return model.has(id) || added.byId(id) != nullptr;
}

Result<Tokenizer::Data> readTokenizerJson(const Json& json, std::string_view what) {
    if (!json.is_object())
        return Error{codes::kTokenizerShape,
                     std::string(what) + ": found no JSON object; get the model again"};
    if (auto checked = checkNormalizer(json, what); !checked) return checked.error();
    if (auto checked = checkDecoder(json, what); !checked) return checked.error();
    const Json none;
    const auto part = [&](std::string_view name) -> const Json& {
        const Json* found = member(json, name);
        return found == nullptr ? none : *found;
    };
    Tokenizer::Data data;
    auto preTokenizer = PreTokenizer::parse(part("pre_tokenizer"), what);
    if (!preTokenizer) return preTokenizer.error();
    data.preTokenizer = std::move(*preTokenizer);
    auto model = BpeModel::parse(part("model"), what);
    if (!model) return model.error();
    data.model = std::move(*model);
    data.vocabSize = data.model.idEnd();
    if (auto read = readAddedTokens(json, data, what); !read) return read.error();
    if (auto read = readPostProcessor(part("post_processor"), data, what); !read) return read.error();
    noteOddities(data);
    return data;
}

} // namespace llamahome::text
