#include "config/ollama_store.h"

namespace llamahome::config {
namespace fs = std::filesystem;
namespace {

constexpr const char* kServiceStore = "/usr/share/ollama/.ollama/models";

} // namespace

std::vector<fs::path> ollamaStoreFolders(const Environment& environment) {
    const fs::path chosen = environmentValue(environment, "OLLAMA_MODELS");
    if (chosen.is_absolute()) return {chosen};
    const fs::path home = environmentValue(environment, "HOME");
    if (!home.is_absolute()) return {kServiceStore};
    return {home / ".ollama" / "models", kServiceStore};
}

} // namespace llamahome::config
