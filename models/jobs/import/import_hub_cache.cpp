#include "jobs/import/import_hub_cache.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/hub/sharded_weights.h"
#include "jobs/import/import_files.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kCachePrefix = "models--";
constexpr std::size_t kMostListed = 10; ///< snapshots in a message

/// The snapshot that refs/main names, else the only one.
Result<CacheEntry> cacheSnapshot(const fs::path& folder) {
    const auto commit = readFile(folder / "refs" / "main", 4096);
    if (commit) {
        std::string name = *commit;
        name.erase(std::find_if(name.begin(), name.end(), [](char c) { return c <= ' '; }), name.end());
        const bool isHex = !name.empty() && name.find_first_not_of("0123456789abcdef") == std::string::npos;
        std::error_code unreadable;
        if (isHex && fs::exists(folder / "snapshots" / name, unreadable))
            return CacheEntry{folder, folder / "snapshots" / name};
    }
    const std::vector<fs::path> snapshots = entriesOf(folder / "snapshots");
    if (snapshots.size() == 1) return CacheEntry{folder, snapshots.front()};
    std::string listed;
    for (std::size_t i = 0; i < std::min(kMostListed, snapshots.size()); ++i)
        listed += (i == 0 ? ": " : ", ") + nameOf(snapshots[i]);
    return Error{codes::kImportSource,
                 displayPath(folder) + ": found " + std::to_string(snapshots.size()) + " snapshots" + listed +
                     (snapshots.size() > kMostListed ? " and more" : "") +
                     "; expected one: name its folder, " +
                     displayPath(folder / "snapshots" /
                                 (snapshots.empty() ? "COMMIT" : snapshots.front().filename()))};
}

} // namespace

Result<CacheEntry> findCacheEntry(const fs::path& folder) {
    std::error_code failure;
    if (nameOf(folder).starts_with(kCachePrefix) && fs::is_directory(folder / "snapshots", failure))
        return cacheSnapshot(folder);
    const fs::path parent = folder.parent_path();
    if (nameOf(folder) == "blobs" && nameOf(parent).starts_with(kCachePrefix)) return cacheSnapshot(parent);
    if (nameOf(parent) == "snapshots" && nameOf(parent.parent_path()).starts_with(kCachePrefix))
        return CacheEntry{parent.parent_path(), folder};
    return CacheEntry{};
}

void nameByCache(ImportSource& source, const CacheEntry& cache) {
    const std::string id = nameOf(cache.folder).substr(kCachePrefix.size());
    const std::size_t mark = id.find("--");
    source.organisation = mark == std::string::npos ? std::string() : id.substr(0, mark);
    source.suggestedName = mark == std::string::npos ? id : id.substr(mark + 2);
    source.name = source.organisation + "/" + source.suggestedName;
    source.commit = nameOf(cache.snapshot);
}

fs::path cachedHubId(const fs::path& hubCache, const fs::path& id) {
    const std::string text = displayPath(id);
    const std::size_t slash = text.find('/');
    if (hubCache.empty() || slash == std::string::npos) return {};
    const std::string organisation = text.substr(0, slash);
    const std::string model = text.substr(slash + 1);
    if (!formats::isPlainFileName(organisation) || !formats::isPlainFileName(model)) return {};
    fs::path entry = hubCache / (std::string(kCachePrefix) + organisation + "--" + model);
    std::error_code unreadable;
    return fs::is_directory(entry / "snapshots", unreadable) ? entry : fs::path();
}

} // namespace llamahome::jobs
