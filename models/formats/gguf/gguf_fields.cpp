#include "formats/gguf/gguf_fields.h"

#include <array>
#include <charconv>
#include <cmath>

#include "core/error_codes.h"
#include "formats/gguf/gguf_reader.h"

namespace llamahome::formats {

double shortestDouble(float value) {
    std::array<char, 32> digits{};
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    double result = static_cast<double>(value);
    std::from_chars(digits.data(), written.ptr, result);
    return result;
}

GgufFields::GgufFields(const GgufReader& reader)
    : GgufFields(reader.metadata(), reader.shownPath()) {}

const GgufValue* GgufFields::find(std::string_view key) const {
    const auto found = m_metadata.find(key);
    return found == m_metadata.end() ? nullptr : &found->second;
}

void GgufFields::report(std::string_view key, const std::string& expected) const {
    if (m_problem) return;
    m_problem =
        Error{codes::kGgufMetadata, m_what + ": metadata " + std::string(key) + ": found " +
                                        (has(key) ? "another kind of value" : "none") + ", expected " +
                                        expected + "; get the file from another source"};
}

std::optional<std::int64_t> GgufFields::whole(std::string_view key, std::int64_t largest) const {
    const GgufValue* const value = find(key);
    if (value == nullptr) return std::nullopt;
    const auto* const positive = std::get_if<std::uint64_t>(value);
    if (positive != nullptr && *positive <= static_cast<std::uint64_t>(largest))
        return static_cast<std::int64_t>(*positive);
    const auto* const any = std::get_if<std::int64_t>(value);
    if (any != nullptr && *any >= 0 && *any <= largest) return *any;
    report(key, "a whole number from 0 to " + std::to_string(largest));
    return std::nullopt;
}

std::int64_t GgufFields::requiredWhole(std::string_view key, std::int64_t largest) const {
    const auto value = whole(key, largest);
    if (!value || *value == 0) report(key, "a whole number from 1 to " + std::to_string(largest));
    return value.value_or(0);
}

double GgufFields::positive(std::string_view key, double fallback) const {
    const GgufValue* const value = find(key);
    if (value == nullptr) return fallback;
    double number = 0.0;
    if (const auto* single = std::get_if<float>(value); single != nullptr && std::isfinite(*single))
        number = shortestDouble(*single);
    if (const auto* real = std::get_if<double>(value)) number = *real;
    if (std::isfinite(number) && number > 0.0) return number;
    report(key, "a number above 0");
    return fallback;
}

bool GgufFields::flag(std::string_view key, bool fallback) const {
    const GgufValue* const value = find(key);
    if (value == nullptr) return fallback;
    if (const auto* flag = std::get_if<bool>(value)) return *flag;
    report(key, "true or false");
    return fallback;
}

std::string GgufFields::text(std::string_view key, std::string_view fallback) const {
    const GgufValue* const value = find(key);
    if (value == nullptr) return std::string(fallback);
    if (const auto* text = std::get_if<std::string>(value)) return *text;
    report(key, "text");
    return std::string(fallback);
}

template <typename T>
const std::vector<T>& GgufFields::requiredList(std::string_view key, const char* expected) const {
    static const std::vector<T> none;
    const GgufValue* const value = find(key);
    const auto* const list = value != nullptr ? std::get_if<std::vector<T>>(value) : nullptr;
    if (list != nullptr) return *list;
    report(key, expected);
    return none;
}

const std::vector<std::string>& GgufFields::requiredTexts(std::string_view key) const {
    return requiredList<std::string>(key, "a list of texts");
}

const std::vector<std::int64_t>& GgufFields::requiredWholes(std::string_view key) const {
    return requiredList<std::int64_t>(key, "a list of whole numbers");
}

const std::vector<double>& GgufFields::requiredReals(std::string_view key) const {
    return requiredList<double>(key, "a list of numbers");
}

} // namespace llamahome::formats
