// All settings of a workspace, read from their places. Any thread but GUI.
#pragma once

#include "config/settings_loader.h"
#include "managers/workspace.h"

namespace llamahome::managers {

/// The places that a window takes settings from: shipped, the user's, --config, the environment.
config::SettingsSources settingsSources(const Workspace& workspace);

/// Values that are right, and what is wrong.
config::SettingsReport readSettings(const Workspace& workspace);

} // namespace llamahome::managers
