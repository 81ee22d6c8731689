// Fields of the JSON records that this program writes itself; the first wrong one is kept. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/json.h"
#include "core/result.h"

namespace llamahome::jobs {

/// Every field asked for must be there and of its type, else problem() names it with `code`. `json` outlives
/// this.
class RecordFields {
public:
    RecordFields(const Json& json, std::string what, ErrorCode code);

    std::string text(const char* key);
    std::int64_t integer(const char* key);
    std::uint64_t count(const char* key); ///< a whole number from 0
    double number(const char* key);       ///< null is not-a-number: JSON has no other way to say it
    bool flag(const char* key);
    /// The member itself; a null value where it is missing (and noted as such).
    const Json& member(const char* key);
    /// There and not null; notes nothing.
    bool has(const char* key) const;

    void report(const std::string& text);
    const std::optional<Error>& problem() const { return m_problem; }

private:
    const Json& m_json;
    std::string m_what;
    ErrorCode m_code;
    std::optional<Error> m_problem;
};

} // namespace llamahome::jobs
