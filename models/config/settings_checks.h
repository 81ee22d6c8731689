// What must hold between settings, whatever their places. Any thread.
#pragma once

#include <vector>

#include "config/settings_loader.h"

namespace llamahome::config {

/// Adds a problem (CFG-10, naming both places) for each pair that contradict each other on purpose, and a
/// notice where nobody chose the one that has no effect; and a notice for each chosen value that this version
/// cannot act on.
void checkAcross(ResolvedSettings& resolved, bool hasValidationFile, std::vector<SettingProblem>& problems);

} // namespace llamahome::config
