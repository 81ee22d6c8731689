#include "config/hub_cache.h"

namespace llamahome::config {
namespace fs = std::filesystem;

fs::path hubCacheFolder(const Environment& environment) {
    const fs::path hub = environmentValue(environment, "HF_HOME");
    if (hub.is_absolute()) return hub / "hub";
    const fs::path cache = environmentValue(environment, "XDG_CACHE_HOME");
    if (cache.is_absolute()) return cache / "huggingface" / "hub";
    const fs::path home = environmentValue(environment, "HOME");
    return home.is_absolute() ? home / ".cache" / "huggingface" / "hub" : fs::path();
}

} // namespace llamahome::config
