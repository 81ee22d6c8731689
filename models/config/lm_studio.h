// Where LM Studio keeps the models that it has fetched: <publisher>/<repository>/<file>.gguf below a folder.
// Any thread but GUI: it reads small files.
#pragma once

#include <filesystem>
#include <vector>

#include "config/environment.h"

namespace llamahome::config {

/// Of LM Studio's home (the one that ~/.lmstudio-home-pointer names, ~/.lmstudio, of old ~/.cache/lm-studio)
/// the folder that its settings.json names, else "models" in it; whether it is there or not. None without a
/// home.
std::vector<std::filesystem::path> lmStudioFolders(const Environment& environment);

} // namespace llamahome::config
