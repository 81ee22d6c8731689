#include "text/tokenizer/post_processor.h"

#include <string>

#include "core/error_codes.h"
#include "core/json_field.h"
#include "formats/file_text.h"
#include "text/text_limits.h"

namespace llamahome::text {
namespace {

using formats::quotedText;
using HasToken = std::function<bool(std::int32_t)>;

/// The ids of one special token of a TemplateProcessing.
Result<std::vector<std::int32_t>> templateIds(const Json& processor, const std::string& name,
                                              const HasToken& hasToken, std::string_view what) {
    const Json* tokens = member(processor, "special_tokens");
    const Json* entry = tokens == nullptr ? nullptr : member(*tokens, name);
    const Json* ids = entry == nullptr ? nullptr : member(*entry, "ids");
    std::vector<std::int32_t> result;
    if (ids != nullptr && ids->is_array()) {
        for (const Json& id : *ids) {
            if (id.is_number_integer() && id >= 0 && id < kMaxTokens && hasToken(id.get<std::int32_t>()))
                result.push_back(id.get<std::int32_t>());
        }
    }
    if (!result.empty() && result.size() == ids->size()) return result;
    return Error{codes::kPostProcessor, std::string(what) + ": the post-processor names the special token " +
                                            quotedText(name) +
                                            ", which has no ids in the vocabulary; get the model again"};
}

/// Stands for the text among ids.
constexpr std::int32_t kText = -1;

/// Ids and the text, in the parts that the reference keeps apart: what one processor puts together of two
/// parts or more is a pair to the next.
using Parts = std::vector<std::vector<std::int32_t>>;

/// What a TemplateProcessing makes of the parts.
Result<Parts> applyTemplate(const Json& processor, const Parts& parts, const HasToken& hasToken,
                            std::string_view what) {
    const Json* pieces = member(processor, parts.size() == 2 ? "pair" : "single");
    Parts result;
    if (parts.size() > 2)
        return Error{codes::kTokenizerKind, std::string(what) +
                                                ": the post-processor has a template behind one "
                                                "of more than two parts; this kind is not read"};
    for (const Json& piece : pieces != nullptr && pieces->is_array() ? *pieces : Json::array()) {
        if (const Json* sequence = member(piece, "Sequence"); sequence != nullptr) {
            const std::size_t index = stringField(*sequence, "id") == "B" ? 1 : 0;
            if (index < parts.size()) result.push_back(parts[index]);
            continue;
        }
        const Json* token = member(piece, "SpecialToken");
        auto ids = templateIds(processor, token == nullptr ? std::string() : stringField(*token, "id"),
                               hasToken, what);
        if (!ids) return ids.error();
        result.push_back(std::move(*ids));
    }
    return result;
}

Result<Parts> apply(const Json& json, Parts parts, const HasToken& hasToken, std::string_view what) {
    const std::string type = stringField(json, "type");
    if (json.is_null() || type == "ByteLevel") return parts;
    if (type == "TemplateProcessing") return applyTemplate(json, parts, hasToken, what);
    const Json* list = member(json, "processors");
    if (type != "Sequence" || list == nullptr || !list->is_array())
        return Error{codes::kTokenizerKind,
                     std::string(what) + ": post-processor " +
                         quotedText(type.empty() ? writeJsonLine(json) : type) +
                         " is not known; known: TemplateProcessing, ByteLevel, Sequence"};
    for (const Json& one : *list) {
        auto next = apply(one, std::move(parts), hasToken, what);
        if (!next) return next;
        parts = std::move(*next);
    }
    return parts;
}

} // namespace

Result<PostProcessor> PostProcessor::parse(const Json& json, const HasToken& hasToken,
                                           std::string_view what) {
    const auto parts = apply(json, {{kText}}, hasToken, what);
    if (!parts) return parts.error();
    PostProcessor result;
    std::size_t texts = 0;
    for (const auto& part : *parts) {
        for (const std::int32_t id : part) {
            if (id == kText)
                ++texts;
            else
                (texts == 0 ? result.before : result.after).push_back(id);
        }
    }
    if (texts == 1) return result;
    return Error{codes::kPostProcessor, std::string(what) +
                                            ": the post-processor's template has the text in it " +
                                            std::to_string(texts) + " times, expected once"};
}

} // namespace llamahome::text
