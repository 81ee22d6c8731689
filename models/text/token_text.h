// The texts of special tokens in tokenizer_config.json. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/json_field.h"

namespace llamahome::text {

/// A token's text that tokenizer_config.json gives as text or as {"content": text}; empty where there is
/// none.
inline std::string tokenText(const Json& tokenizerConfig, std::string_view key) {
    const Json* value = member(tokenizerConfig, key);
    if (value == nullptr) return {};
    return value->is_string() ? value->get<std::string>() : stringField(*value, "content");
}

} // namespace llamahome::text
