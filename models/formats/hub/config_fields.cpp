#include "formats/hub/config_fields.h"

#include <cmath>
#include <limits>

#include "formats/file_text.h"

namespace llamahome::formats {
namespace {

/// `value` if it is a whole number from `least` to `largest`, however the JSON holds it.
std::optional<std::int64_t> wholeNumber(const Json& value, std::int64_t least, std::int64_t largest) {
    if (!value.is_number_integer()) return std::nullopt;
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(largest))
        return std::nullopt;
    const auto number = value.get<std::int64_t>();
    return number >= least && number <= largest ? std::optional(number) : std::nullopt;
}

std::optional<std::int64_t> tokenNumber(const Json& value) {
    return wholeNumber(value, 0, std::numeric_limits<std::int32_t>::max());
}

} // namespace

void ConfigFields::report(const char* key, const std::string& expected) const {
    if (m_problem) return;
    m_problem = Error{m_code, m_what + ": " + key + ": found " + quotedText(writeJsonLine(m_json[key])) +
                                  ", expected " + expected + "; get the file again"};
}

bool ConfigFields::has(const char* key) const {
    const auto found = m_json.find(key);
    return found != m_json.end() && !found->is_null();
}

std::int64_t ConfigFields::size(const char* key, std::int64_t fallback, std::int64_t largest) const {
    if (!has(key)) return fallback;
    if (const auto value = wholeNumber(m_json[key], 1, largest)) return *value;
    report(key, "a whole number from 1 to " + std::to_string(largest));
    return fallback;
}

double ConfigFields::positive(const char* key, double fallback) const {
    if (!has(key)) return fallback;
    const Json& value = m_json[key];
    if (value.is_number() && std::isfinite(value.get<double>()) && value.get<double>() > 0.0)
        return value.get<double>();
    report(key, "a number above 0");
    return fallback;
}

double ConfigFields::fraction(const char* key, double fallback) const {
    if (!has(key)) return fallback;
    const Json& value = m_json[key];
    if (value.is_number() && value.get<double>() >= 0.0 && value.get<double>() < 1.0)
        return value.get<double>();
    report(key, "a number from 0 to below 1");
    return fallback;
}

bool ConfigFields::flag(const char* key, bool fallback) const {
    if (!has(key)) return fallback;
    if (m_json[key].is_boolean()) return m_json[key].get<bool>();
    report(key, "true or false");
    return fallback;
}

std::string ConfigFields::text(const char* key, const std::string& fallback) const {
    if (!has(key)) return fallback;
    if (m_json[key].is_string()) return m_json[key].get<std::string>();
    report(key, "text");
    return fallback;
}

std::optional<std::int64_t> ConfigFields::tokenId(const char* key, std::int64_t fallback) const {
    if (!m_json.contains(key)) return fallback;
    const Json& value = m_json[key];
    if (value.is_null()) return std::nullopt;
    const auto id = tokenNumber(value);
    if (!id) report(key, "a token id");
    return id;
}

std::vector<std::int64_t> ConfigFields::tokenIds(const char* key,
                                                 const std::vector<std::int64_t>& fallback) const {
    if (!m_json.contains(key)) return fallback;
    const Json& value = m_json[key];
    if (value.is_null()) return {};
    if (const auto id = tokenNumber(value)) return {*id};
    std::vector<std::int64_t> ids;
    if (value.is_array())
        for (const Json& id : value)
            if (const auto number = tokenNumber(id)) ids.push_back(*number);
    if (!value.is_array() || ids.size() != value.size()) report(key, "a token id or a list of them");
    return ids;
}

Json tokenIdsJson(const std::vector<std::int64_t>& ids) {
    if (ids.empty()) return Json();
    return ids.size() == 1 ? Json(ids.front()) : Json(ids);
}

} // namespace llamahome::formats
