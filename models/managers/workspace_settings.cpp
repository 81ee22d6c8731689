#include "managers/workspace_settings.h"

#include <system_error>

namespace llamahome::managers {

config::SettingsSources settingsSources(const Workspace& workspace) {
    config::SettingsSources sources;
    sources.shippedFolder = workspace.shipped.config();
    sources.userFolder = workspace.userConfigFolder;
    sources.configFile = workspace.configFile;
    sources.environment = workspace.environment;
    sources.options = workspace.options;
    std::error_code ignored;
    sources.workingFolder = std::filesystem::current_path(ignored);
    return sources;
}

config::SettingsReport readSettings(const Workspace& workspace) {
    return config::checkSettings(settingsSources(workspace));
}

} // namespace llamahome::managers
