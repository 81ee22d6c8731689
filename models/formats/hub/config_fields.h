// Typed access to the fields of a JSON configuration; the first wrong one is kept as the problem. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/error_codes.h"
#include "core/json.h"
#include "core/result.h"

namespace llamahome::formats {

/// Absent and null fields give the default. After reading, look at problem(): the first field of a wrong type
/// or out of range (ARCH-01), naming what was found and expected. `json` is an object that outlives this.
class ConfigFields {
public:
    ConfigFields(const Json& json, std::string what, ErrorCode code = codes::kModelConfigValue)
        : m_json(json)
        , m_what(std::move(what))
        , m_code(code) {}

    const Json& json() const { return m_json; }
    /// There and not null.
    bool has(const char* key) const;
    /// A whole number from 1 to `largest`.
    std::int64_t size(const char* key, std::int64_t fallback, std::int64_t largest) const;
    /// A finite number above 0.
    double positive(const char* key, double fallback) const;
    /// A number from 0 to below 1.
    double fraction(const char* key, double fallback) const;
    bool flag(const char* key, bool fallback) const;
    std::string text(const char* key, const std::string& fallback) const;
    /// A token id; null (as against absent) means none.
    std::optional<std::int64_t> tokenId(const char* key, std::int64_t fallback) const;
    /// One id, a list of ids, or null for none.
    std::vector<std::int64_t> tokenIds(const char* key, const std::vector<std::int64_t>& fallback) const;

    const std::optional<Error>& problem() const { return m_problem; }

private:
    void report(const char* key, const std::string& expected) const;

    const Json& m_json;
    std::string m_what;
    ErrorCode m_code;
    mutable std::optional<Error> m_problem;
};

/// None as null, one as a number, several as a list: how Hub files write eos_token_id.
Json tokenIdsJson(const std::vector<std::int64_t>& ids);

} // namespace llamahome::formats
