// From the text of a value to the value, as the setting's description wants it. Any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "config/setting_descriptor.h"
#include "config/yaml_tree.h"

namespace llamahome::config {

/// What relative paths and `~/` stand for where the value was found.
struct PathContext {
    std::filesystem::path base; ///< absolute; folder of the file, or the working folder
    std::filesystem::path home; ///< empty: `~/` is refused
};

struct ParsedSetting {
    std::optional<SettingValue> value; ///< absent: `problem` says why
    ErrorCode code = {};
    std::string problem = {}; ///< "found `x`, expected …"
    std::string notice = {};  ///< accepted, but worth a word
};

/// By schema, not by YAML's guess: `2e-4` and "2e-4" are the number where one is expected, `no` is a text
/// where a text is expected. 16.0 is taken for 16 with a notice. No octal, hexadecimal, NaN, infinity or
/// silent wrap. Independent of the locale. A value that looks like a token is refused without being repeated.
ParsedSetting parseSetting(const SettingDescriptor& setting, const YamlNode& node, const PathContext& paths);

/// The same for a value from the command line or the environment; lists are separated by commas, or are
/// written as in YAML: `["one, two", three]`.
ParsedSetting parseSettingText(const SettingDescriptor& setting, std::string_view text,
                               const PathContext& paths);

} // namespace llamahome::config
