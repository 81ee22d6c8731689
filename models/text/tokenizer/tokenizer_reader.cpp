// Reads tokenizer.json; the files beside it are tokenizer_special_ids.cpp's.
#include <algorithm>

#include "core/error_codes.h"
#include "core/json_field.h"
#include "formats/file_text.h"
#include "text/text_limits.h"
#include "text/tokenizer/tokenizer_data.h"

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
    AddedToken token;
    token.id = id->get<std::int32_t>();
    token.text = text;
    token.special = boolField(json, "special", false);
    token.stripLeft = boolField(json, "lstrip", false);
    token.stripRight = boolField(json, "rstrip", false);
    token.singleWord = boolField(json, "single_word", false);
    token.normalised = boolField(json, "normalized", false);
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
                         quotedText(sameId != nullptr ? sameId->text : data.model.spellingOf(token.id)) +
                         " have the same id " + std::to_string(token.id) + "; get the model again"};
    if (const AddedToken* sameText = data.added.byText(token.text))
        return Error{codes::kTokenTwice, name + ": the added token " + quoted + " has the ids " +
                                             std::to_string(sameText->id) + " and " +
                                             std::to_string(token.id) + "; get the model again"};
    if (token.control) data.model.forbidWholePiece(token.id);
    data.vocabSize = std::max(data.vocabSize, static_cast<std::size_t>(token.id) + 1);
    const std::string matchText = token.normalised ? data.normaliser.apply(token.text) : token.text;
    data.added.add(std::move(token), matchText);
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
    const Json none;
    const auto part = [&](std::string_view name) -> const Json& {
        const Json* found = member(json, name);
        return found == nullptr ? none : *found;
    };
    Tokenizer::Data data;
    auto normaliser = Normaliser::parse(part("normalizer"), what);
    if (!normaliser) return normaliser.error();
    data.normaliser = std::move(*normaliser);
    auto preTokenizer = PreTokenizer::parse(part("pre_tokenizer"), what);
    if (!preTokenizer) return preTokenizer.error();
    data.preTokenizer = std::move(*preTokenizer);
    auto decoder = TokenDecoder::parse(part("decoder"), what);
    if (!decoder) return decoder.error();
    data.decoder = std::move(*decoder);
    const bool byteLevel = data.preTokenizer.isByteLevel();
    if (byteLevel != data.decoder.isByteLevel())
        return Error{codes::kTokenizerKind,
                     std::string(what) + ": the " + (byteLevel ? "pre-tokenizer" : "decoder") +
                         " is ByteLevel, the " + (byteLevel ? "decoder" : "pre-tokenizer") +
                         " is not; expected both or none"};
    auto model = BpeModel::parse(part("model"), byteLevel ? Spelling::ByteAlphabet : Spelling::Text, what);
    if (!model) return model.error();
    data.model = std::move(*model);
    data.vocabSize = data.model.idEnd();
    if (auto read = readAddedTokens(json, data, what); !read) return read.error();
    const auto hasToken = [&](std::int32_t id) { return data.hasToken(id); };
    auto postProcessor = PostProcessor::parse(part("post_processor"), hasToken, what);
    if (!postProcessor) return postProcessor.error();
    data.postProcessor = std::move(*postProcessor);
    noteOddities(data);
    return data;
}

} // namespace llamahome::text
