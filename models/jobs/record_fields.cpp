#include "jobs/record_fields.h"

#include <limits>

namespace llamahome::jobs {
namespace {

const Json& nothing() {
    static const Json null;
    return null;
}

} // namespace

RecordFields::RecordFields(const Json& json, std::string what, ErrorCode code)
    : m_json(json)
    , m_what(std::move(what))
    , m_code(code) {
    if (!json.is_object()) report("found no object");
}

void RecordFields::report(const std::string& text) {
    if (!m_problem) m_problem = Error{m_code, m_what + ": " + text};
}

bool RecordFields::has(const char* key) const {
    return m_json.is_object() && m_json.contains(key) && !m_json[key].is_null();
}

const Json& RecordFields::member(const char* key) {
    if (m_json.is_object()) {
        const auto found = m_json.find(key);
        if (found != m_json.end()) return *found;
    }
    report(std::string(key) + ": found nothing, expected a value");
    return nothing();
}

std::string RecordFields::text(const char* key) {
    const Json& value = member(key);
    if (value.is_string()) return value.get<std::string>();
    report(std::string(key) + ": found no text");
    return {};
}

std::int64_t RecordFields::integer(const char* key) {
    const Json& value = member(key);
    if (value.is_number_unsigned() &&
        value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
        report(std::string(key) + ": found a number that is too large");
        return 0;
    }
    if (value.is_number_integer()) return value.get<std::int64_t>();
    report(std::string(key) + ": found no whole number");
    return 0;
}

std::uint64_t RecordFields::count(const char* key) {
    const Json& value = member(key);
    if (value.is_number_unsigned()) return value.get<std::uint64_t>();
    report(std::string(key) + ": found no whole number from 0");
    return 0;
}

double RecordFields::number(const char* key) {
    const Json& value = member(key);
    if (value.is_number()) return value.get<double>();
    if (!value.is_null() || !m_json.contains(key)) report(std::string(key) + ": found no number");
    return std::numeric_limits<double>::quiet_NaN();
}

bool RecordFields::flag(const char* key) {
    const Json& value = member(key);
    if (value.is_boolean()) return value.get<bool>();
    report(std::string(key) + ": found neither true nor false");
    return false;
}

} // namespace llamahome::jobs
