// Reading optional fields of JSON objects without exceptions. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/json.h"

namespace llamahome::text {

/// The member of that name, or null where `object` is no object or lacks it.
inline const Json* member(const Json& object, std::string_view name) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

/// The text of a member; empty where it is absent or no text.
inline std::string stringField(const Json& object, std::string_view name) {
    const Json* value = member(object, name);
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

/// The truth value of a member; `fallback` where it is absent or none.
inline bool boolField(const Json& object, std::string_view name, bool fallback) {
    const Json* value = member(object, name);
    return value != nullptr && value->is_boolean() ? value->get<bool>() : fallback;
}

/// A token's text that tokenizer_config.json gives as text or as {"content": text}; empty where there is
/// none.
inline std::string tokenText(const Json& tokenizerConfig, std::string_view key) {
    const Json* value = member(tokenizerConfig, key);
    if (value == nullptr) return {};
    return value->is_string() ? value->get<std::string>() : stringField(*value, "content");
}

} // namespace llamahome::text
