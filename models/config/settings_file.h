// One settings file as a flat list of keys and values. Any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/setting_descriptor.h"
#include "config/yaml_tree.h"

namespace llamahome::config {

/// The newest layout of settings files that this program writes and reads: `schema: 1`.
inline constexpr int kSettingsSchema = 1;

/// A known key with its unread value.
struct FileEntry {
    const SettingDescriptor* setting = nullptr;
    int line = 0;
    YamlNode value;
};

struct SettingsFile {
    std::vector<FileEntry> entries; ///< each key once
    std::vector<SettingProblem> problems;
    std::vector<std::string> notices;
    std::string title;       ///< of a preset
    std::string description; ///< of a preset
};

enum class FileRole { Settings, Preset };

/// Reads a file; a problem, not an error, when it cannot be read. After a syntax error the message names the
/// last good copy beside the file, where there is one.
SettingsFile readSettingsFile(const std::filesystem::path& path, FileRole role);

/// The same from text; `file` is its name in messages. `lora:` and `early_stopping:` are also taken at top
/// level.
SettingsFile parseSettingsFile(std::string_view text, const std::string& file, FileRole role);

/// Where saveUserSetting() keeps the copy that was whole before its last change.
std::filesystem::path lastGoodCopy(const std::filesystem::path& path);

/// CFG-12 when the root's `schema` is not a number that this program knows.
std::optional<SettingProblem> checkSchema(const YamlNode& root, const std::string& file);

} // namespace llamahome::config
