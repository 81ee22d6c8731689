#include "jobs/library/leftovers.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "core/error_codes.h"
#include "core/file_lock.h"
#include "core/log.h"
#include "jobs/library/manifest.h"
#include "jobs/library/process_mark.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kImporting = ".importing-";
constexpr std::string_view kReplaced = ".replaced-";
constexpr std::uint64_t kMaxManifestBytes = 4U << 20;

/// Folders in a folder, links to folders not among them, by name.
std::vector<fs::path> foldersIn(const fs::path& folder) {
    std::vector<fs::path> found;
    std::error_code failure;
    for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
        std::error_code unreadable;
        if (entry->symlink_status(unreadable).type() == fs::file_type::directory)
            found.push_back(entry->path());
    }
    std::sort(found.begin(), found.end());
    return found;
}

/// The staging folders that jobs of this process work in.
struct Stagings {
    std::mutex mutex;
    std::set<fs::path> paths;
    std::uint64_t made = 0;
};

Stagings& stagings() {
    static Stagings all;
    return all;
}

/// Whether the job that worked in that staging folder is gone.
bool isAbandoned(const fs::path& folder) {
    const std::string name = displayPath(folder.filename());
    const std::string token = name.substr(name.rfind('-') + 1);
    const std::string process = token.substr(0, token.rfind('.'));
    if (process != ProcessMark::ofThisProcess().fileToken()) return !ProcessMark::isTokenAlive(process);
    const std::lock_guard guard(stagings().mutex);
    return stagings().paths.count(folder) == 0;
}

/// The version in PREFIX<version>-<process>.<number>.
std::string versionIn(const std::string& name, std::string_view prefix) {
    return name.substr(prefix.size(), name.rfind('-') - prefix.size());
}

/// Whether a download has become a model, a cut after that left its folder, and nobody works in it.
bool isFinished(const Leftover& leftover) {
    if (!isThere(leftover.path.parent_path() / leftover.version / kManifestName)) return false;
    const auto lock = FileLock::tryAcquire(leftover.path);
    return lock && *lock;
}

/// Whether nobody works on it any more, and nobody will.
bool isLeftBehind(const Leftover& leftover) {
    switch (leftover.kind) {
    case LeftoverKind::Import:
    case LeftoverKind::Replaced:
        return isAbandoned(leftover.path);
    case LeftoverKind::Download:
        return isFinished(leftover);
    case LeftoverKind::Removal:
        break;
    }
    return true;
}

Result<void> clear(const Leftover& leftover, FileLayer& files) {
    if (leftover.kind == LeftoverKind::Removal) {
        const auto held = HeldFolder::open(leftover.path);
        return held ? finishRemoval(*held, files) : Result<void>(held.error());
    }
    const fs::path place = leftover.path.parent_path() / leftover.version;
    if (leftover.kind == LeftoverKind::Replaced && !isThere(place)) {
        if (auto moved = files.rename(leftover.path, place); !moved) return moved;
        return files.syncDirectory(place.parent_path());
    }
    return removeTree(files, leftover.path);
}

/// Those of one folder with models.
void addLeftovers(const fs::path& models, std::vector<Leftover>& found) {
    for (const fs::path& family : foldersIn(models)) {
        const std::string familyName = displayPath(family.filename());
        for (const fs::path& folder : foldersIn(family)) {
            const std::string name = displayPath(folder.filename());
            if (name.starts_with(kImporting)) {
                found.push_back({LeftoverKind::Import, familyName, versionIn(name, kImporting), folder});
            } else if (name.starts_with(kReplaced)) {
                found.push_back({LeftoverKind::Replaced, familyName, versionIn(name, kReplaced), folder});
            } else if (name.starts_with(kDownloading)) {
                found.push_back(
                    {LeftoverKind::Download, familyName, name.substr(kDownloading.size()), folder});
            } else if (isThere(folder / kRemovingName)) {
                found.push_back({LeftoverKind::Removal, familyName, name, folder});
            }
        }
    }
}

} // namespace

StagingFolder::StagingFolder(const fs::path& models, std::string_view family, std::string_view version,
                             LeftoverKind kind) {
    const std::string stem = std::string(kind == LeftoverKind::Replaced ? kReplaced : kImporting) +
                             std::string(version) + "-" + ProcessMark::ofThisProcess().fileToken() + ".";
    const std::lock_guard guard(stagings().mutex);
    m_path = models / family / (stem + std::to_string(++stagings().made));
    stagings().paths.insert(m_path);
}

StagingFolder::~StagingFolder() {
    const std::lock_guard guard(stagings().mutex);
    stagings().paths.erase(m_path);
}

std::vector<Leftover> findLeftovers(const DataRoot& root) {
    std::vector<Leftover> found;
    for (const fs::path& models : root.modelPlaces())
        addLeftovers(models, found);
    return found;
}

void clearLeftovers(const RootLock& lock, FileLayer& files) {
    const auto removing = lock.removing();
    for (const Leftover& leftover : findLeftovers(lock.root())) {
        if (!isLeftBehind(leftover)) continue;
        logLine(LogLevel::Info, "jobs", "clearing what a cut-off job left: " + displayPath(leftover.path));
        if (auto cleared = clear(leftover, files); !cleared)
            logLine(LogLevel::Warning, "jobs", "it stays: " + cleared.error().message);
    }
}

Result<void> clearImports(const DataRoot& root, std::string_view family, FileLayer& files) {
    for (const Leftover& leftover : findLeftovers(root)) {
        if (leftover.family != family || leftover.kind != LeftoverKind::Import) continue;
        if (!isAbandoned(leftover.path)) continue;
        if (auto removed = removeTree(files, leftover.path); !removed) return removed;
    }
    return {};
}

Result<void> removeIfEmpty(const fs::path& folder, FileLayer& files) {
    std::error_code failure;
    if (!fs::is_empty(folder, failure) || failure) return {};
    return files.remove(folder);
}

Result<void> removeFiles(const HeldFolder& folder, const std::vector<std::string>& names, FileLayer& files) {
    for (const std::string& name : names) {
        const fs::path path = folder.path() / name;
        std::error_code failure;
        if (fs::symlink_status(path, failure).type() == fs::file_type::directory) continue;
        if (auto removed = files.remove(path); !removed) return folder.named(removed.error());
    }
    return folder.removeIfEmpty(files);
}

Result<void> finishRemoval(const HeldFolder& folder, FileLayer& files) {
    const fs::path marker = folder.path() / kRemovingName;
    const auto text = readFile(marker, kMaxManifestBytes);
    if (!text) return folder.named(text.error());
    const auto manifest = parseManifest(*text, displayPath(marker));
    if (!manifest) return folder.named(manifest.error());
    std::vector<std::string> names;
    for (const ManifestFile& file : manifest->files)
        names.push_back(file.path);
    names.emplace_back(kRemovingName);
    return removeFiles(folder, names, files);
}

} // namespace llamahome::jobs
