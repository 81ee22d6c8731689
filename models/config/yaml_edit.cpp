#include "config/yaml_edit.h"

#include <algorithm>
#include <cassert>
#include <optional>

#include "config/settings_writer.h"
#include "config/yaml_tree.h"

namespace llamahome::config {
namespace {

using Path = std::vector<std::string>;

bool isSame(const YamlNode& a, const YamlNode& b) {
    if (a.kind != b.kind || a.text != b.text || a.items.size() != b.items.size() ||
        a.entries.size() != b.entries.size())
        return false;
    for (std::size_t i = 0; i < a.items.size(); ++i)
        if (!isSame(a.items[i], b.items[i])) return false;
    // An added key may stand anywhere in its section.
    for (const YamlEntry& entry : a.entries) {
        const YamlNode* other = b.find(entry.key);
        if (other == nullptr || !isSame(entry.value, *other)) return false;
    }
    return true;
}

YamlNode parsedValue(const std::string& value) {
    const YamlDocument document = parseYaml("value: " + value, {});
    const YamlNode* node = document.root.find("value");
    assert(node != nullptr);
    return *node;
}

YamlEntry& entryFor(YamlNode& map, const std::string& key) {
    map.kind = YamlNode::Kind::Map;
    for (YamlEntry& entry : map.entries)
        if (entry.key == key) return entry;
    map.entries.push_back({key, 0, 0, {}});
    return map.entries.back();
}

YamlNode changedTree(YamlNode root, const Path& path, const std::string& value) {
    YamlNode* at = &root;
    for (const std::string& part : path)
        at = &entryFor(*at, part).value;
    *at = parsedValue(value);
    return root;
}

/// Offset of a line and column counted from 1.
std::size_t offsetOf(const std::string& text, int line, int column) {
    std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    for (int i = 1; i < line; ++i) {
        const std::size_t end = text.find('\n', at);
        if (end == std::string::npos) return text.size();
        at = end + 1;
    }
    return std::min(text.size(), at + static_cast<std::size_t>(column - 1));
}

/// Bytes of a scalar or flow list that begins at `at` and ends on its line; nothing where that is not clear.
std::optional<std::size_t> valueLength(const std::string& text, std::size_t at, const YamlNode& node) {
    const std::size_t lineEnd = std::min(text.find_first_of("\r\n", at), text.size());
    const std::string_view line = std::string_view(text).substr(at, lineEnd - at);
    if (line.empty()) return {};
    if (node.kind == YamlNode::Kind::Scalar && line.front() != '"' && line.front() != '\'')
        return line.starts_with(node.text) ? std::optional(node.text.size()) : std::nullopt;
    char quote = '\0';
    int depth = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quote == '"' && c == '\\')
            ++i;
        else if (quote != '\0')
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '[' || c == '{')
            ++depth;
        else if (c == ']' || c == '}')
            --depth;
        const bool isQuotedScalar = line.front() == '"' || line.front() == '\'';
        if (quote == '\0' && depth == 0 && i > 0 && (isQuotedScalar || c == ']' || c == '}')) return i + 1;
    }
    return {};
}

/// "lora:\n  r: 8\n" for the parts from `first` on, each line indented.
std::string newLines(const Path& path, std::size_t first, std::size_t indent, const std::string& value) {
    std::string lines;
    for (std::size_t i = first; i < path.size(); ++i) {
        lines += std::string(indent + 2 * (i - first), ' ') + path[i] + ":";
        lines += i + 1 == path.size() ? " " + value + "\n" : "\n";
    }
    return lines;
}

/// "lora: {r: 8}" for the parts from `first` on.
std::string newFlow(const Path& path, std::size_t first, const std::string& value) {
    std::string flow = value;
    for (std::size_t i = path.size(); i-- > first;) {
        flow = path[i] + ": " + flow;
        if (i > first) flow = "{" + flow + "}";
    }
    return flow;
}

/// The text with the change made where it belongs, right or wrong: the caller compares trees.
std::string editedInPlace(const std::string& text, const YamlNode& root, const Path& path,
                          const std::string& value) {
    const YamlNode* section = &root;
    std::size_t depth = 0;
    while (depth < path.size() && section->find(path[depth]) != nullptr)
        section = section->find(path[depth++]);
    std::string edited = text;
    if (!edited.empty() && edited.back() != '\n') edited += '\n';
    const std::size_t at = offsetOf(edited, section->line, section->column);
    if (depth == path.size()) {
        const auto length = valueLength(edited, at, *section);
        return length ? edited.replace(at, *length, value) : std::string();
    }
    if (section->kind != YamlNode::Kind::Map || section->entries.empty())
        return depth == 0 ? edited + newLines(path, 0, 0, value) : std::string();
    if (section->isFlow) {
        return edited.insert(at + 1, newFlow(path, depth, value) + ", ");
    }
    if (depth == 0) return edited + newLines(path, 0, 0, value);
    // Before the section's first key, on a line of its own.
    const YamlEntry& first = section->entries.front();
    const std::size_t lineStart = offsetOf(edited, first.line, 1);
    return edited.insert(lineStart, newLines(path, depth, static_cast<std::size_t>(first.column - 1), value));
}

/// `path` cut to the outermost section that would be empty without its key; empty: the key is not there.
Path removablePath(const YamlNode& root, const Path& path) {
    const YamlNode* at = &root;
    std::size_t depth = 0; // of the last section that holds something else
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (at->entries.size() > 1) depth = i;
        at = at->find(path[i]);
        if (at == nullptr) return {};
    }
    return {path.begin(), path.begin() + static_cast<std::ptrdiff_t>(depth + 1)};
}

YamlNode treeWithout(YamlNode root, const Path& path) {
    YamlNode* section = &root;
    for (std::size_t i = 0; i + 1 < path.size(); ++i)
        section = &entryFor(*section, path[i]).value;
    auto& entries = section->entries;
    entries.erase(std::find_if(entries.begin(), entries.end(),
                               [&](const YamlEntry& entry) { return entry.key == path.back(); }));
    if (entries.empty()) section->kind = YamlNode::Kind::Null;
    return root;
}

bool isSameTree(const std::string& text, const YamlNode& wanted) {
    const YamlDocument document = parseYaml(text, {});
    return document.problems.empty() && isSame(document.root, wanted);
}

/// `key: value` cut out of a {..} on its line, with the comma before or after it.
std::optional<std::string> cutFromFlow(const std::string& text, const YamlEntry& entry,
                                       const YamlNode& wanted) {
    const std::size_t begin = offsetOf(text, entry.line, entry.column);
    const std::size_t valueAt = offsetOf(text, entry.value.line, entry.value.column);
    const auto length = valueLength(text, valueAt, entry.value);
    if (!length || valueAt < begin) return {};
    const std::size_t end = valueAt + *length;
    const std::size_t next = text.find_first_not_of(' ', end);
    const bool isLast = next == std::string::npos || text[next] != ',';
    const std::size_t from = isLast ? text.find_last_not_of(" ,", begin - 1) + 1 : begin;
    const std::size_t to = isLast ? end : text.find_first_not_of(" ,", end);
    if (to == std::string::npos || from > to) return {};
    std::string cut = text.substr(0, from) + text.substr(to);
    return isSameTree(cut, wanted) ? std::optional(std::move(cut)) : std::nullopt;
}

/// The lines of the entry cut out: as few as give the wanted tree.
std::optional<std::string> cutLines(const std::string& text, const YamlEntry& entry, const YamlNode& wanted) {
    constexpr int kMostLines = 200;
    const std::size_t begin = offsetOf(text, entry.line, 1);
    for (int lines = 1; lines <= kMostLines; ++lines) {
        const std::size_t end = offsetOf(text, entry.line + lines, 1);
        std::string cut = text.substr(0, begin) + text.substr(end);
        if (isSameTree(cut, wanted)) return cut;
        if (end >= text.size()) break;
    }
    return {};
}

/// The text without the entry at `path`, changed in place; nothing where that does not give the right tree.
std::optional<std::string> textWithout(const std::string& text, const YamlNode& root, const Path& path) {
    const YamlNode* section = &root;
    for (std::size_t i = 0; i + 1 < path.size(); ++i)
        section = section->find(path[i]);
    const auto entry = std::find_if(section->entries.begin(), section->entries.end(),
                                    [&](const YamlEntry& candidate) { return candidate.key == path.back(); });
    const YamlNode wanted = treeWithout(root, path);
    return section->isFlow ? cutFromFlow(text, *entry, wanted) : cutLines(text, *entry, wanted);
}

std::size_t commentLines(const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::size_t first = text.find_first_not_of(" \t", at);
        if (first < end && text[first] == '#') ++count;
        at = end + 1;
    }
    return count;
}

} // namespace

std::string removeYamlValue(const std::string& text, const Path& path) {
    const YamlDocument before = parseYaml(text, {});
    const Path removable = removablePath(before.root, path);
    if (removable.empty()) return text;
    const auto cut = textWithout(text, before.root, removable);
    const bool losesComments = !cut || commentLines(*cut) < commentLines(text);
    if (losesComments && removable != path) // an empty section with its comments is better
        if (const auto smaller = textWithout(text, before.root, path)) return *smaller;
    return cut ? *cut : writeYaml(treeWithout(before.root, removable));
}

std::string setYamlValue(const std::string& text, const Path& path, const std::string& value) {
    const YamlDocument before = parseYaml(text, {});
    const YamlNode wanted = changedTree(before.root, path, value);
    std::string edited = editedInPlace(text, before.root, path, value);
    const YamlDocument after = parseYaml(edited, {});
    if (!edited.empty() && after.problems.empty() && isSame(after.root, wanted)) return edited;
    return writeYaml(wanted);
}

} // namespace llamahome::config
