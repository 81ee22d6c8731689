#include "core/quantity.h"

#include <array>
#include <charconv>
#include <cmath>

#include "core/plain_number.h"

namespace llamahome {
namespace {

std::string fixedDigits(double value, int decimals) {
    std::array<char, 64> text{};
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, decimals);
    return std::string(text.data(), end.ptr);
}

} // namespace

std::string formatBytes(std::uint64_t bytes) {
    static constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB", "PB"};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < kUnits.size()) {
        value /= 1000.0;
        ++unit;
    }
    const int decimals = unit >= 3 && value < 99.95 ? 1 : 0;
    return fixedDigits(value, decimals) + " " + kUnits.at(unit);
}

std::string formatDuration(double seconds) {
    if (!std::isfinite(seconds) || seconds < 0) return "unknown";
    if (seconds < 9.95) return fixedDigits(seconds, 1) + " s";
    if (seconds < 99.5) return fixedDigits(seconds, 0) + " s";
    const auto minutes = static_cast<std::uint64_t>(std::llround(seconds / 60.0));
    if (minutes < 60) return std::to_string(minutes) + " min";
    const std::string rest = std::to_string(minutes % 60);
    return std::to_string(minutes / 60) + " h " + (rest.size() < 2 ? "0" + rest : rest) + " min";
}

std::string formatNumber(double value, int significantDigits) {
    const double size = std::abs(value);
    if (size >= std::pow(10.0, significantDigits) - 0.5 && size < kMostPlain) {
        const double unit = std::pow(10.0, std::floor(std::log10(size)) + 1 - significantDigits);
        return std::to_string(std::llround(std::round(value / unit) * unit));
    }
    std::array<char, 64> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general,
                                   significantDigits);
    return std::string(text.data(), end.ptr);
}

std::string formatCount(std::uint64_t count) {
    const std::string digits = std::to_string(count);
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) text.push_back(',');
        text.push_back(digits[i]);
    }
    return text;
}

} // namespace llamahome
