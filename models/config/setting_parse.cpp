#include "config/setting_parse.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "config/nearest_name.h"
#include "config/text_form.h"
#include "core/ascii.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/log.h"
#include "core/shown_text.h"

namespace llamahome::config {
namespace {

/// The found text for a message: bounded, on one line, in backticks.
std::string inBackticks(std::string_view text) {
    std::string shown = quotedText(text);
    shown.front() = shown.back() = '`';
    return shown;
}

ParsedSetting refused(ErrorCode code, std::string problem) {
    return {std::nullopt, code, std::move(problem), {}};
}

ParsedSetting wrongKind(const SettingDescriptor& setting, const std::string& found) {
    return refused(codes::kSettingKind, "found " + found + ", expected " + setting.expected());
}

ParsedSetting outOfRange(const SettingDescriptor& setting, std::string_view text) {
    return refused(codes::kSettingRange, "found " + inBackticks(text) + ", expected " + setting.expected());
}

ParsedSetting accepted(SettingValue value, std::string notice = {}) {
    return {std::move(value), {}, {}, std::move(notice)};
}

/// Text of a decimal number without blanks and a leading plus.
std::string_view trimmedNumber(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return {};
    text = text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
    const bool hasPlus = text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+';
    return text.substr(hasPlus ? 1 : 0);
}

struct ReadNumber {
    double value = 0.0;
    bool isNumber = false;
    bool isTooLarge = false; ///< no double holds it
};

ReadNumber readNumber(std::string_view text) {
    text = trimmedNumber(text);
    // from_chars also reads "inf" and "nan", which no setting can be.
    if (text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) return {};
    ReadNumber read;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), read.value);
    if (end.ptr != text.data() + text.size() || text.empty()) return {};
    if (end.ec == std::errc::invalid_argument) return {};
    read.isNumber = true;
    read.isTooLarge = end.ec == std::errc::result_out_of_range;
    return read;
}

ParsedSetting parseBool(const SettingDescriptor& setting, const std::string& text) {
    const std::string lower = lowerAscii(text);
    if (lower == "true" || lower == "yes" || lower == "on" || lower == "1") return accepted(true);
    if (lower == "false" || lower == "no" || lower == "off" || lower == "0") return accepted(false);
    return wrongKind(setting, inBackticks(text));
}

ParsedSetting parseInteger(const SettingDescriptor& setting, const std::string& text) {
    if (setting.autoValue && text == "auto") return accepted(*setting.autoValue);
    const std::string_view digits = trimmedNumber(text);
    std::int64_t value = 0;
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool isWhole = !digits.empty() && end.ptr == digits.data() + digits.size();
    if (isWhole && end.ec == std::errc::result_out_of_range) return outOfRange(setting, text);
    std::string notice;
    if (!isWhole) {
        const ReadNumber number = readNumber(text);
        if (!number.isNumber) return wrongKind(setting, inBackticks(text));
        constexpr double kExactLimit = 9007199254740992.0; // 2^53: beyond, a double skips whole numbers
        if (number.isTooLarge || std::abs(number.value) > kExactLimit) return outOfRange(setting, text);
        if (number.value != std::floor(number.value)) return wrongKind(setting, inBackticks(text));
        value = static_cast<std::int64_t>(number.value);
        notice = "found " + inBackticks(text) + " and took it for " + std::to_string(value);
    }
    if (value < setting.integers.minimum || value > setting.integers.maximum)
        return outOfRange(setting, text);
    return accepted(value, notice);
}

ParsedSetting parseNumber(const SettingDescriptor& setting, const std::string& text) {
    const ReadNumber number = readNumber(text);
    if (!number.isNumber) return wrongKind(setting, inBackticks(text));
    const NumberRange& range = setting.numbers;
    const bool isBelow = range.isMinimumOpen ? number.value <= range.minimum : number.value < range.minimum;
    const bool isAbove = range.isMaximumOpen ? number.value >= range.maximum : number.value > range.maximum;
    if (number.isTooLarge || isBelow || isAbove) return outOfRange(setting, text);
    return accepted(number.value);
}

/// Checks one text or list item; on success `text` is what is kept.
std::optional<ParsedSetting> refuseText(const SettingDescriptor& setting, std::string& text,
                                        const PathContext& paths) {
    if (redactSecrets(text) != text)
        return refused(codes::kSettingSecret,
                       "found what looks like a token or a signed link; keep it out of "
                       "settings, use HF_TOKEN or the Hub's own token file");
    for (const LaterChoice& later : setting.later)
        if (text == later.choice)
            return refused(codes::kSettingNotYet, "found " + inBackticks(text) +
                                                      ", which this version cannot do yet; use " +
                                                      later.instead);
    if (!setting.choices.empty()) {
        if (std::find(setting.choices.begin(), setting.choices.end(), text) != setting.choices.end())
            return {};
        const std::string nearest = nearestName(text, setting.choices);
        ParsedSetting wrong = wrongKind(setting, inBackticks(text));
        if (!nearest.empty()) wrong.problem += "; nearest is `" + nearest + "`";
        return wrong;
    }
    if (text.empty() && setting.kind != SettingKind::List) {
        if (setting.mayBeEmpty) return {};
        return wrongKind(setting, "nothing");
    }
    const std::string wrong = applyTextForm(setting.form, text, paths);
    if (wrong.empty()) return {};
    const bool mayHoldPassword = setting.form == TextForm::Url && text.find('@') != std::string::npos;
    const std::string shown = mayHoldPassword ? "an address with @, not shown" : inBackticks(text);
    return refused(codes::kSettingKind, "found " + shown + ", " + wrong);
}

ParsedSetting parseScalar(const SettingDescriptor& setting, std::string text, const PathContext& paths) {
    switch (setting.kind) {
    case SettingKind::Bool:
        return parseBool(setting, text);
    case SettingKind::Integer:
        return parseInteger(setting, text);
    case SettingKind::Number:
        return parseNumber(setting, text);
    case SettingKind::Text:
    case SettingKind::Choice:
    case SettingKind::List:
        break;
    }
    if (auto wrong = refuseText(setting, text, paths)) return *wrong;
    return accepted(std::move(text));
}

ParsedSetting parseItems(const SettingDescriptor& setting, std::vector<std::string> items,
                         const PathContext& paths) {
    if (items.empty() && !setting.mayBeEmpty) return wrongKind(setting, "an empty list");
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (auto wrong = refuseText(setting, items[i], paths)) return *wrong;
        const auto before = items.begin() + static_cast<std::ptrdiff_t>(i);
        if (setting.form != TextForm::Free || !setting.choices.empty())
            if (std::find(items.begin(), before, items[i]) != before)
                return refused(codes::kSettingTwice,
                               "found " + inBackticks(items[i]) + " twice; name it once");
    }
    return accepted(std::move(items));
}

ParsedSetting parseList(const SettingDescriptor& setting, const YamlNode& node, const PathContext& paths) {
    std::vector<std::string> items;
    for (const YamlNode& item : node.items) {
        if (item.kind != YamlNode::Kind::Scalar) return wrongKind(setting, "a list inside the list");
        items.push_back(item.text);
    }
    for (const YamlEntry& entry : node.entries) { // {question: prompt} is question=prompt
        if (setting.form != TextForm::Pair || entry.value.kind != YamlNode::Kind::Scalar)
            return wrongKind(setting, "`name: value` lines");
        items.push_back(entry.key + "=" + entry.value.text);
    }
    return parseItems(setting, std::move(items), paths);
}

std::vector<std::string> splitAtCommas(std::string_view text) {
    std::vector<std::string> items;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        const std::string_view item = text.substr(0, comma);
        const std::size_t begin = item.find_first_not_of(' ');
        if (begin != std::string_view::npos)
            items.emplace_back(item.substr(begin, item.find_last_not_of(' ') - begin + 1));
        text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    }
    return items;
}

} // namespace

ParsedSetting parseSetting(const SettingDescriptor& setting, const YamlNode& node, const PathContext& paths) {
    const bool isList = setting.kind == SettingKind::List;
    switch (node.kind) {
    case YamlNode::Kind::Null:
        if (isList) return parseItems(setting, {}, paths);
        if (setting.kind == SettingKind::Text) return parseScalar(setting, {}, paths);
        return wrongKind(setting, "no value");
    case YamlNode::Kind::Scalar:
        if (isList) return parseItems(setting, {node.text}, paths);
        return parseScalar(setting, node.text, paths);
    case YamlNode::Kind::Sequence:
        if (!isList) return wrongKind(setting, "a list");
        break;
    case YamlNode::Kind::Map:
        if (!isList) return wrongKind(setting, "a section");
        break;
    }
    return parseList(setting, node, paths);
}

ParsedSetting parseSettingText(const SettingDescriptor& setting, std::string_view text,
                               const PathContext& paths) {
    if (setting.kind != SettingKind::List) return parseScalar(setting, std::string(text), paths);
    if (!text.starts_with('[')) return parseItems(setting, splitAtCommas(text), paths);
    const YamlDocument list = parseYaml("items: " + std::string(text), {});
    const YamlNode* items = list.root.find("items");
    if (!list.problems.empty() || items == nullptr) return wrongKind(setting, inBackticks(text));
    return parseSetting(setting, *items, paths);
}

} // namespace llamahome::config
