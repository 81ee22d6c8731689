#include "config/hub_cache.h"

namespace llamahome::config {
namespace fs = std::filesystem;

fs::path hubCacheFolder(const Environment& environment) {
    for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"})
        if (const fs::path folder = environmentValue(environment, name); folder.is_absolute()) return folder;
    const fs::path hub = environmentValue(environment, "HF_HOME");
    if (hub.is_absolute()) return hub / "hub";
    const fs::path cache = environmentValue(environment, "XDG_CACHE_HOME");
    if (cache.is_absolute()) return cache / "huggingface" / "hub";
    const fs::path home = environmentValue(environment, "HOME");
    return home.is_absolute() ? home / ".cache" / "huggingface" / "hub" : fs::path();
}

} // namespace llamahome::config
