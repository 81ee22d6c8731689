#include "config/presets.h"

#include <algorithm>
#include <map>
#include <system_error>

#include "config/nearest_name.h"
#include "config/settings_file.h"
#include "core/error_codes.h"
#include "core/file_layer.h"

namespace llamahome::config {
namespace fs = std::filesystem;

std::vector<Preset> listPresets(const fs::path& shippedFolder, const fs::path& userFolder) {
    std::map<std::string, Preset> byName;
    for (const fs::path& folder : {shippedFolder, userFolder}) {
        if (folder.empty()) continue;
        std::error_code failure;
        for (fs::directory_iterator at(folder / "presets", failure), end; !failure && at != end;
             at.increment(failure)) {
            const fs::path& path = at->path();
            if (path.extension() != ".yaml") continue;
            const SettingsFile file = readSettingsFile(path, FileRole::Preset);
            const std::string name = displayPath(path.stem());
            byName[name] = Preset{name, file.title, file.description, path};
        }
    }
    std::vector<Preset> presets;
    for (auto& [name, preset] : byName)
        presets.push_back(std::move(preset));
    return presets;
}

Result<Preset> findPreset(const std::string& name, const fs::path& shippedFolder,
                          const fs::path& userFolder) {
    std::vector<std::string> names;
    for (Preset& preset : listPresets(shippedFolder, userFolder)) {
        if (preset.name == name) return std::move(preset);
        names.push_back(preset.name);
    }
    const std::string nearest = nearestName(name, names);
    std::string known;
    for (const std::string& one : names)
        known += (known.empty() ? "" : ", ") + one;
    return Error{codes::kPresetUnknown, "no preset named `" + name + "`; " +
                                            (!nearest.empty() ? "nearest is " + nearest
                                             : known.empty()  ? "there are none"
                                                              : "known: " + known)};
}

} // namespace llamahome::config
