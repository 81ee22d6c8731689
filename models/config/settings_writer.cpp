#include "config/settings_writer.h"

#include <algorithm>
#include <array>

#include "config/settings_file.h"
#include "core/ascii.h"

namespace llamahome::config {
namespace {

/// Texts that YAML readers take for something else than text.
bool isReserved(std::string_view text) {
    static constexpr std::array<std::string_view, 11> kWords{"true", "false", "yes", "no",   "on",  "off",
                                                             "null", "y",     "n",   ".inf", ".nan"};
    return std::find(kWords.begin(), kWords.end(), lowerAscii(text)) != kWords.end();
}

bool isPlain(std::string_view text) {
    if (text.empty() || isReserved(text)) return false;
    const auto isLetter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto isInner = [&](char c) {
        return isLetter(c) || (c >= '0' && c <= '9') || c == '.' || c == '/' || c == '-';
    };
    return (isLetter(text.front()) || text.front() == '/') && std::all_of(text.begin(), text.end(), isInner);
}

std::string doubleQuoted(std::string_view text) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            out += std::string("\\") + c;
        else if (c == '\n')
            out += "\\n";
        else if (c == '\r')
            out += "\\r";
        else if (c == '\t')
            out += "\\t";
        else if (byte < 0x20 || byte == 0x7F)
            out += std::string("\\x") + kDigits[byte >> 4U] + kDigits[byte & 0xFU];
        else
            out += c;
    }
    return out + "\"";
}

std::string flowList(const std::vector<std::string>& items) {
    std::string out = "[";
    for (const std::string& item : items)
        out += (out.size() > 1 ? ", " : "") + yamlScalar(item);
    return out + "]";
}

/// As it was written, where that was plain and is safe anywhere; so numbers stay numbers to other readers.
std::string unchangedScalar(const YamlNode& node) {
    const auto isSafe = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               c == '.' || c == '+' || c == '/';
    };
    const auto isInner = [&](char c) { return isSafe(c) || c == '-'; };
    std::string_view text = node.text;
    if (text.starts_with('-')) text.remove_prefix(1);
    const bool isSafePlain =
        !text.empty() && isSafe(text.front()) && std::all_of(text.begin(), text.end(), isInner);
    return !node.isQuoted && isSafePlain ? node.text : yamlScalar(node.text);
}

void writeNode(std::string& out, const YamlNode& node, std::size_t depth);

void writeEntries(std::string& out, const YamlNode& map, std::size_t depth) {
    for (const YamlEntry& entry : map.entries) {
        out += std::string(2 * depth, ' ') + yamlScalar(entry.key) + ":";
        writeNode(out, entry.value, depth);
    }
}

/// What follows "key:" or "-", up to and with the line end.
void writeNode(std::string& out, const YamlNode& node, std::size_t depth) {
    switch (node.kind) {
    case YamlNode::Kind::Null:
        out += "\n";
        break;
    case YamlNode::Kind::Scalar:
        out += " " + unchangedScalar(node) + "\n";
        break;
    case YamlNode::Kind::Map:
        out += node.entries.empty() ? " {}\n" : "\n";
        writeEntries(out, node, depth + 1);
        break;
    case YamlNode::Kind::Sequence:
        out += node.items.empty() ? " []\n" : "\n";
        for (const YamlNode& item : node.items) {
            out += std::string(2 * (depth + 1), ' ') + "-";
            writeNode(out, item, depth + 1);
        }
        break;
    }
}

} // namespace

std::string yamlScalar(std::string_view text) {
    return isPlain(text) ? std::string(text) : doubleQuoted(text);
}

std::string yamlValue(const SettingDescriptor& setting, const SettingValue& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* whole = std::get_if<std::int64_t>(&value))
        return setting.autoValue == *whole ? "auto" : std::to_string(*whole);
    if (const auto* number = std::get_if<double>(&value)) return numberText(*number);
    if (const auto* text = std::get_if<std::string>(&value)) return yamlScalar(*text);
    return flowList(std::get<std::vector<std::string>>(value));
}

std::string optionText(const SettingDescriptor& setting, const Settings& settings) {
    if (setting.kind == SettingKind::List) return yamlValue(setting, setting.get(settings));
    return settingText(setting, settings);
}

std::string writeSettingsYaml(const Settings& settings, const std::vector<std::string>& comments) {
    std::string out;
    for (std::string line : comments) {
        std::replace(line.begin(), line.end(), '\n', ' ');
        out += "# " + line + "\n";
    }
    out += "schema: " + std::to_string(kSettingsSchema) + "\n";
    std::vector<std::string> open; // sections that the last key was in
    for (const SettingDescriptor& setting : allSettings()) {
        std::vector<std::string> parts;
        for (std::size_t begin = 0; begin <= setting.key.size();) {
            const std::size_t dot = std::min(setting.key.find('.', begin), setting.key.size());
            parts.push_back(setting.key.substr(begin, dot - begin));
            begin = dot + 1;
        }
        const std::string name = parts.back();
        parts.pop_back();
        std::size_t shared = 0;
        while (shared < parts.size() && shared < open.size() && parts[shared] == open[shared])
            ++shared;
        for (std::size_t depth = shared; depth < parts.size(); ++depth)
            out += std::string(2 * depth, ' ') + parts[depth] + ":\n";
        out += std::string(2 * parts.size(), ' ') + name + ": " + yamlValue(setting, setting.get(settings)) +
               "\n";
        open = parts;
    }
    return out;
}

std::string writeYaml(const YamlNode& root) {
    std::string out;
    writeEntries(out, root, 0);
    return out;
}

} // namespace llamahome::config
