// Reading optional fields of JSON objects without exceptions. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"

namespace llamahome {

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

/// A member that is a whole number from 0; nothing where it is absent or something else.
inline std::optional<std::uint64_t> countField(const Json& object, std::string_view name) {
    const Json* value = member(object, name);
    if (value == nullptr || !value->is_number_unsigned()) return std::nullopt;
    return value->get<std::uint64_t>();
}

/// The truth value of a member; `fallback` where it is absent or none.
inline bool boolField(const Json& object, std::string_view name, bool fallback) {
    const Json* value = member(object, name);
    return value != nullptr && value->is_boolean() ? value->get<bool>() : fallback;
}

} // namespace llamahome
