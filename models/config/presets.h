// Presets: named sets of values, one file each in `presets/` of a settings folder. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"

namespace llamahome::config {

struct Preset {
    std::string name; ///< file name without .yaml: "quick_look"
    std::string title;
    std::string description;
    std::filesystem::path path;
};

/// The presets of both folders by name; the user's replaces a shipped one of the same name. Unreadable files
/// are listed with an empty title. Empty folders' paths are allowed.
std::vector<Preset> listPresets(const std::filesystem::path& shippedFolder,
                                const std::filesystem::path& userFolder);

/// The preset of that name; CFG-14 names the nearest or lists all.
Result<Preset> findPreset(const std::string& name, const std::filesystem::path& shippedFolder,
                          const std::filesystem::path& userFolder);

} // namespace llamahome::config
