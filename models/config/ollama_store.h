// Where Ollama keeps the models that it has fetched. Any thread.
#pragma once

#include <filesystem>
#include <vector>

#include "config/environment.h"

namespace llamahome::config {

/// `$OLLAMA_MODELS`; where that is not set, `~/.ollama/models` and the folder of Ollama's service on Linux,
/// whether they are there or not. Relative folders are ignored.
std::vector<std::filesystem::path> ollamaStoreFolders(const Environment& environment);

} // namespace llamahome::config
