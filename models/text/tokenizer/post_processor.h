// PostProcessor: what a tokenizer.json's "post_processor" puts around the tokens of a text. Any thread,
// immutable.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"

namespace llamahome::text {

struct PostProcessor {
    std::vector<std::int32_t> before;
    std::vector<std::int32_t> after;

    /// Reads TemplateProcessing, ByteLevel (which changes no ids) and Sequence of these; null is none. TK-14
    /// naming a special token for whose ids `hasToken` is false, TK-12 for other kinds.
    static Result<PostProcessor> parse(const Json& json, const std::function<bool(std::int32_t)>& hasToken,
                                       std::string_view what);
};

} // namespace llamahome::text
