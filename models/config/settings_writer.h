// Settings as YAML text: the record of a run, and single values for a user's file. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/setting_descriptor.h"
#include "config/yaml_tree.h"

namespace llamahome::config {

/// All settings with their values, in the order of allSettings(), as a file that loads back to the same
/// values. `comments` become `# …` lines at the top.
std::string writeSettingsYaml(const Settings& settings, const std::vector<std::string>& comments = {});

/// The value as YAML on one line: `auto`, `5.0e-05`, `[q_proj, v_proj]`, `"two\nlines"`.
std::string yamlValue(const SettingDescriptor& setting, const SettingValue& value);

/// The value as `--set`, forms and parseSettingText take it and give the same value back: a list as
/// `[q_proj, v_proj]`, all else as settingText.
std::string optionText(const SettingDescriptor& setting, const Settings& settings);

/// A text as a YAML scalar on one line, quoted where another reader could take it for something else.
std::string yamlScalar(std::string_view text);

/// A tree as YAML text; comments are not part of a tree and are lost.
std::string writeYaml(const YamlNode& root);

} // namespace llamahome::config
