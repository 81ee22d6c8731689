// Typed access to GGUF metadata; the first missing or wrong key is kept as the problem. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "formats/gguf/gguf_header.h"

namespace llamahome::formats {

class GgufReader;

/// After reading, look at problem(): GG-16, naming the key, what was found and expected. The metadata
/// outlives this.
class GgufFields {
public:
    explicit GgufFields(const GgufReader& reader);
    /// `what` names the file in messages.
    GgufFields(const GgufMetadata& metadata, std::string what)
        : m_metadata(metadata)
        , m_what(std::move(what)) {}

    bool has(std::string_view key) const { return find(key) != nullptr; }
    /// A whole number from 0 to `largest`; nothing where the key is absent.
    std::optional<std::int64_t> whole(std::string_view key, std::int64_t largest) const;
    /// The same where the key must be there; 0 after a problem.
    std::int64_t requiredWhole(std::string_view key, std::int64_t largest) const;
    /// A finite number above 0. An f32 becomes the double of its shortest decimal form: 1e-05, not 9.99…e-06.
    double positive(std::string_view key, double fallback) const;
    bool flag(std::string_view key, bool fallback) const;
    std::string text(std::string_view key, std::string_view fallback) const;
    /// A list that must be there; empty after a problem.
    const std::vector<std::string>& requiredTexts(std::string_view key) const;
    const std::vector<std::int64_t>& requiredWholes(std::string_view key) const;
    const std::vector<double>& requiredReals(std::string_view key) const;

    const std::optional<Error>& problem() const { return m_problem; }

private:
    const GgufValue* find(std::string_view key) const;
    template <typename T>
    const std::vector<T>& requiredList(std::string_view key, const char* expected) const;
    void report(std::string_view key, const std::string& expected) const;

    const GgufMetadata& m_metadata;
    std::string m_what;
    mutable std::optional<Error> m_problem;
};

/// The double nearest to the shortest decimal form of `value`.
double shortestDouble(float value);

} // namespace llamahome::formats
