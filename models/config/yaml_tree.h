// YAML text as a tree with lines, bounded and without YAML's surprises. Any thread.
//
// Scalars stay text: what a value means is decided by the setting's description, never guessed. The one door
// for YAML reading; yaml-cpp stays behind it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/setting_problem.h"

namespace llamahome::config {

struct YamlEntry;

/// `line` and `column` count from 1, in bytes; they point at the first character of the value.
struct YamlNode {
    enum class Kind { Null, Scalar, Sequence, Map };

    Kind kind = Kind::Null;
    int line = 0;
    int column = 0;
    bool isFlow = false;   ///< written as [..] or {..}
    bool isQuoted = false; ///< written in quotes, or as a block of text
    std::string text = {};
    std::vector<YamlNode> items = {};
    std::vector<YamlEntry> entries; ///< in the file's order, keys unique

    /// The value of a key of a map, or null.
    const YamlNode* find(std::string_view key) const;
};

struct YamlEntry {
    std::string key;
    int line = 0;
    int column = 0;
    YamlNode value;
};

struct YamlLimits {
    std::size_t maxBytes = 1U << 20;
    std::size_t maxScalarBytes = 64U << 10;
    std::size_t maxNodes = 10'000;
    std::size_t maxDepth = 32;
};

struct YamlDocument {
    YamlNode root;
    std::vector<SettingProblem> problems;
};

/// Parses one document. Problems carry `file`. Accepted: UTF-8 with or without a byte order mark, CRLF, a
/// missing last line end, an empty text (root is Null). Refused by name, each with its line: what is over a
/// limit, a key twice, tabs that indent, other encodings, NUL and control characters, anchors and aliases,
/// merge keys, tags, a second document, a root that is not `name: value`. After a syntax error the tree is
/// empty.
YamlDocument parseYaml(std::string_view text, const std::string& file, const YamlLimits& limits = {});

} // namespace llamahome::config
