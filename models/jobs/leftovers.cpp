#include "jobs/leftovers.h"

#include <algorithm>

#include <unistd.h>

#include "core/error_codes.h"
#include "core/log.h"
#include "jobs/manifest.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kImporting = ".importing-";
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

bool isThere(const fs::path& path) {
    std::error_code failure;
    return fs::exists(fs::symlink_status(path, failure));
}

Result<void> removeIfEmpty(const fs::path& folder, FileLayer& files) {
    std::error_code failure;
    if (!fs::is_empty(folder, failure) || failure) return {};
    return files.remove(folder);
}

} // namespace

fs::path stagingFolder(const DataRoot& root, std::string_view family, std::string_view version) {
    return root.models() / family /
           (std::string(kImporting) + std::string(version) + "-" + std::to_string(::getpid()));
}

std::vector<Leftover> findLeftovers(const DataRoot& root) {
    std::vector<Leftover> found;
    for (const fs::path& family : foldersIn(root.models())) {
        const std::string familyName = displayPath(family.filename());
        for (const fs::path& folder : foldersIn(family)) {
            const std::string name = displayPath(folder.filename());
            if (name.starts_with(kImporting)) {
                const std::string version =
                    name.substr(kImporting.size(), name.rfind('-') - kImporting.size());
                found.push_back({LeftoverKind::Import, familyName, version, folder});
            } else if (isThere(folder / kRemovingName)) {
                found.push_back({LeftoverKind::Removal, familyName, name, folder});
            }
        }
    }
    return found;
}

Result<void> clearLeftovers(const RootLock& lock, FileLayer& files) {
    for (const Leftover& leftover : findLeftovers(lock.root())) {
        logLine(LogLevel::Info, "jobs", "clearing what a cut-off job left: " + displayPath(leftover.path));
        auto cleared = leftover.kind == LeftoverKind::Import ? removeTree(files, leftover.path)
                                                             : finishRemoval(leftover.path, files);
        if (!cleared) return cleared.error().within("clearing " + displayPath(leftover.path));
    }
    return {};
}

Result<void> finishRemoval(const fs::path& folder, FileLayer& files) {
    const fs::path marker = folder / kRemovingName;
    const auto text = readFile(marker, kMaxManifestBytes);
    if (!text) return text.error();
    const auto manifest = parseManifest(*text, displayPath(marker));
    if (!manifest) return manifest.error();
    for (const ManifestFile& file : manifest->files) {
        const fs::path path = folder / file.path;
        std::error_code failure;
        // A folder under the name of a file of ours is somebody else's.
        if (fs::symlink_status(path, failure).type() == fs::file_type::directory) continue;
        if (auto removed = files.remove(path); !removed) return removed;
    }
    if (auto removed = files.remove(marker); !removed) return removed;
    if (auto removed = removeIfEmpty(folder, files); !removed) return removed;
    return removeIfEmpty(folder.parent_path(), files);
}

} // namespace llamahome::jobs
