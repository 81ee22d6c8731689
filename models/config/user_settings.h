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

} // namespace llamahome::config
