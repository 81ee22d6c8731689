#include "managers/quantity_words.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <variant>

#include <QLocale>

#include "config/setting_parse.h"
#include "config/settings_writer.h"
#include "core/plain_number.h"
#include "core/quantity.h"
#include "managers/text.h"

namespace llamahome::managers {
namespace {

constexpr double kLeastPlain = 1e-4; ///< as kMostPlain, for small numbers
constexpr double kLeastLeft = 0.05;  ///< seconds

/// "5e-05" as "5e-5".
std::string withShortExponent(std::string text) {
    const std::size_t exponent = text.find('e');
    if (exponent == std::string::npos) return text;
    std::size_t digits = exponent + 1;
    if (text[digits] == '+')
        text.erase(digits, 1);
    else if (text[digits] == '-')
        ++digits;
    while (digits + 1 < text.size() && text[digits] == '0')
        text.erase(digits, 1);
    return text;
}

} // namespace

QString countText(quint64 count) {
    return QLocale(QLocale::English, QLocale::UnitedStates).toString(count);
}

QString countedText(quint64 count, const QString& one, const QString& many) {
    return count == 1 ? one : many.arg(countText(count));
}

QString unitWord(const std::string& unit, bool isOne) {
    if (!isOne || !unit.ends_with('s')) return toQt(unit);
    const std::size_t ending = unit.ends_with("ches") ? 2 : 1;
    return toQt(unit.substr(0, unit.size() - ending));
}

QString typedNumber(double value) {
    const double size = std::abs(value);
    const bool isPlain = size == 0.0 || (size >= kLeastPlain && size < kMostPlain);
    std::array<char, 64> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                   isPlain ? std::chars_format::fixed : std::chars_format::scientific);
    return toQt(withShortExponent(std::string(buffer.data(), end.ptr)));
}

QString typedSetting(const config::SettingDescriptor& setting, const config::Settings& settings) {
    const config::SettingValue value = setting.get(settings);
    const auto* number = std::get_if<double>(&value);
    return number != nullptr ? typedNumber(*number) : toQt(config::optionText(setting, settings));
}

QString typedRecord(const std::string& key, const std::string& value) {
    const config::SettingDescriptor* setting = config::findSetting(key);
    if (setting == nullptr || setting->kind != config::SettingKind::Number) return toQt(value);
    const auto parsed = config::parseSettingText(*setting, value, {});
    const auto* number = parsed.value ? std::get_if<double>(&*parsed.value) : nullptr;
    return number != nullptr ? typedNumber(*number) : toQt(value);
}

QString timeLeftText(std::optional<double> seconds) {
    return seconds && *seconds >= kLeastLeft ? toQt(formatDuration(*seconds)) : QString();
}

QString mebibytesText(double mebibytes) {
    return toQt(formatBytes(static_cast<std::uint64_t>(mebibytes * kBytesPerMib)));
}

} // namespace llamahome::managers
