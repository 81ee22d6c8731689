// Changing one value in a user's settings file, with all else kept. Any thread; one writer a file.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/file_layer.h"
#include "core/result.h"

namespace llamahome::config {

/// The file of a settings folder in which a key belongs: training and data in training_config.yaml, logging
/// in logging.yaml, the rest in model_config.yaml.
std::filesystem::path settingsFileFor(const std::filesystem::path& folder, std::string_view key);

/// Writes `value` (as given to `--set`; checked against the description) for `key` into the YAML file at
/// `path`, creating file and folder where absent. Whatever fails, the file is the old one or the new one,
/// whole. Other keys stay, comments too wherever the change can be made in place. The former text is kept as
/// last-good copy. A link is followed: its target is replaced. A file that is not readable, not YAML, or of a
/// newer schema is left untouched with its error.
Result<void> saveUserSetting(FileLayer& files, const std::filesystem::path& path, std::string_view key,
                             std::string_view value);

/// Takes `key` out of the YAML file at `path` with the same care, so that the value of a weaker place stands
/// again. Without file or key there is nothing to do.
Result<void> removeUserSetting(FileLayer& files, const std::filesystem::path& path, std::string_view key);

/// Puts the last-good copy of the settings file at `path` in its place. What was there is kept beside it,
/// with
/// `.damaged` at its name. FILE-01 where there is no copy; a copy that is damaged itself is refused with its
/// error.
Result<void> restoreUserSettings(FileLayer& files, const std::filesystem::path& path);

} // namespace llamahome::config
