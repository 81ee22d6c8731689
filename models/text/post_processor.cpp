#include "text/post_processor.h"

#include <string>

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "text/json_field.h"
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

Result<PostProcessor> readTemplate(const Json& processor, const HasToken& hasToken, std::string_view what) {
    const Json* single = member(processor, "single");
    PostProcessor result;
    bool afterText = false;
    for (const Json& part : single != nullptr && single->is_array() ? *single : Json::array()) {
        if (member(part, "Sequence") != nullptr) {
            afterText = true;
            continue;
        }
        const Json* token = member(part, "SpecialToken");
        auto ids = templateIds(processor, token == nullptr ? std::string() : stringField(*token, "id"),
                               hasToken, what);
        if (!ids) return ids.error();
        auto& side = afterText ? result.after : result.before;
        side.insert(side.end(), ids->begin(), ids->end());
    }
    if (afterText) return result;
    return Error{codes::kPostProcessor,
                 std::string(what) + ": the post-processor's template has no text in it"};
}

} // namespace

Result<PostProcessor> PostProcessor::parse(const Json& json, const HasToken& hasToken,
                                           std::string_view what) {
    const std::string type = stringField(json, "type");
    if (json.is_null() || type == "ByteLevel") return PostProcessor{};
    if (type == "TemplateProcessing") return readTemplate(json, hasToken, what);
    const Json* parts = member(json, "processors");
    if (type != "Sequence" || parts == nullptr || !parts->is_array())
        return Error{codes::kTokenizerKind,
                     std::string(what) + ": post-processor " +
                         quotedText(type.empty() ? writeJsonLine(json) : type) +
                         " is not known; known: TemplateProcessing, ByteLevel, Sequence"};
    PostProcessor result;
    for (const Json& part : *parts) {
        auto outer = parse(part, hasToken, what);
        if (!outer) return outer.error();
        result.before.insert(result.before.begin(), outer->before.begin(), outer->before.end());
        result.after.insert(result.after.end(), outer->after.begin(), outer->after.end());
    }
    return result;
}

} // namespace llamahome::text
