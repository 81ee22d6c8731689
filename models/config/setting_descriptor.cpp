#include "config/setting_descriptor.h"

#include <array>
#include <charconv>

#include "config/descriptor_list.h"
#include "config/nearest_name.h"

namespace llamahome::config {
namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string lastPart(std::string_view key) {
    return std::string(key.substr(key.rfind('.') + 1)); // npos + 1 is 0
}

std::string expectedInteger(const SettingDescriptor& setting) {
    const auto [minimum, maximum] = setting.integers;
    std::string text = "a whole number from " + std::to_string(minimum) + " to " + std::to_string(maximum);
    if (setting.autoValue) text = "`auto` or " + text;
    return text;
}

std::string expectedNumber(const NumberRange& range) {
    return std::string("a number ") + (range.isMinimumOpen ? "above " : "from ") + numberText(range.minimum) +
           (range.isMaximumOpen ? " and below " : " to ") + numberText(range.maximum);
}

std::string expectedText(const SettingDescriptor& setting) {
    const bool isList = setting.kind == SettingKind::List;
    const std::string many = isList ? "a list of " : "";
    if (!setting.choices.empty()) return (isList ? "a list from " : "one of ") + joined(setting.choices);
    switch (setting.form) {
    case TextForm::Path:
        return isList ? "a list of folders" : "a folder";
    case TextForm::Url:
        return "an address such as https://huggingface.co (http only to this machine)";
    case TextForm::Device:
        return "auto, cpu, cuda or cuda:N";
    case TextForm::Pair:
        return many + "name=column pairs";
    case TextForm::Template:
        return "a template's name or a .yaml file";
    case TextForm::Free:
        break;
    }
    return isList ? "a list of texts" : "a text";
}

} // namespace

std::string SettingDescriptor::expected() const {
    switch (kind) {
    case SettingKind::Bool:
        return "true or false";
    case SettingKind::Integer:
        return expectedInteger(*this);
    case SettingKind::Number:
        return expectedNumber(numbers);
    case SettingKind::Text:
    case SettingKind::Choice:
    case SettingKind::List:
        break;
    }
    return expectedText(*this);
}

const std::vector<SettingDescriptor>& allSettings() {
    static const std::vector<SettingDescriptor> settings = [] {
        DescriptorList list;
        describeTraining(list);
        describeData(list);
        describeModel(list);
        describeLogging(list);
        return list.take();
    }();
    return settings;
}

const SettingDescriptor* findSetting(std::string_view key) {
    for (const SettingDescriptor& setting : allSettings())
        if (setting.key == key) return &setting;
    return nullptr;
}

bool isSection(std::string_view path) {
    for (const SettingDescriptor& setting : allSettings())
        if (setting.key.size() > path.size() && setting.key.starts_with(path) &&
            setting.key[path.size()] == '.')
            return true;
    return false;
}

std::string nearestSettingKey(std::string_view key) {
    const std::string last = lastPart(key);
    for (const SettingDescriptor& setting : allSettings()) {
        if (lastPart(setting.key) == last) return setting.key;
        for (const std::string& name : setting.otherNames)
            if (name == last || name == key) return setting.key;
    }
    std::vector<std::string> keys;
    std::vector<std::string> lastParts;
    for (const SettingDescriptor& setting : allSettings()) {
        keys.push_back(setting.key);
        lastParts.push_back(lastPart(setting.key));
    }
    const std::string nearest = nearestName(last, lastParts);
    if (nearest.empty()) return key.find('.') == std::string_view::npos ? "" : nearestName(key, keys);
    // Several sections may have the name: the one whose whole key is nearest is meant.
    std::string best;
    for (const std::string& candidate : keys) {
        if (lastPart(candidate) != nearest) continue;
        if (best.empty() || editDistance(key, candidate) < editDistance(key, best)) best = candidate;
    }
    return best;
}

std::string settingText(const SettingDescriptor& setting, const Settings& settings) {
    const SettingValue value = setting.get(settings);
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* whole = std::get_if<std::int64_t>(&value))
        return setting.autoValue == *whole ? "auto" : std::to_string(*whole);
    if (const auto* number = std::get_if<double>(&value)) return numberText(*number);
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    return joined(std::get<std::vector<std::string>>(value));
}

std::string numberText(double value) {
    std::array<char, 64> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    std::string text(buffer.data(), end.ptr);
    const std::size_t exponent = text.find('e');
    // YAML 1.1 readers take "5e-05" for text; "5.0e-05" is a number to all.
    if (text.find('.') == std::string::npos)
        text.insert(exponent == std::string::npos ? text.size() : exponent, ".0");
    return text;
}

} // namespace llamahome::config
