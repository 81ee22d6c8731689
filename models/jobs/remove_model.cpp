#include "jobs/remove_model.h"

#include <algorithm>
#include <set>

#include <sys/stat.h>

#include "core/error_codes.h"
#include "jobs/leftovers.h"
#include "jobs/manifest.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

/// What unlinking gives back: nothing for a link, a folder, and a file with another name.
std::uint64_t freedBytes(const fs::path& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink > 1) return 0;
    return static_cast<std::uint64_t>(status.st_size);
}

/// The folder is two levels below data/models, and every step on the way is a real folder.
Result<void> checkPlace(const DataRoot& root, const ModelEntry& entry) {
    const auto refuse = [&](const std::string& why) {
        return Error{codes::kRemoveRefused, displayPath(entry.path) + ": " + why};
    };
    const fs::path expected = modelFolder(root, entry.family, entry.version);
    if (entry.path != expected || entry.path.lexically_normal() != expected)
        return refuse("is not in this data folder; delete it yourself if it is yours");
    std::error_code failure;
    for (const fs::path& folder : {root.models(), expected.parent_path(), expected})
        if (fs::is_symlink(fs::symlink_status(folder, failure)))
            return refuse(displayPath(folder) + " is a link; delete the link yourself, what it names stays");
    return {};
}

} // namespace

Result<RemovalPlan> planRemoval(const DataRoot& root, const ModelEntry& entry) {
    if (entry.state == ModelState::Absent)
        return Error{codes::kModelNotInstalled, entry.name + " is not installed: there is nothing to remove"};
    if (auto placed = checkPlace(root, entry); !placed) return placed.error();
    const auto manifest = readManifest(entry.path);
    if (!manifest) {
        if (manifest.error().code == codes::kFileNotFound)
            return Error{codes::kModelNotInstalled,
                         entry.name + " is not installed: there is nothing to remove"};
        return Error{codes::kRemoveRefused, manifest.error().message +
                                                "; without its list of files nothing is "
                                                "deleted, delete the folder yourself"};
    }
    RemovalPlan plan;
    plan.name = entry.name;
    plan.folder = entry.path;
    std::set<std::string> listed;
    const auto add = [&](const std::string& name) {
        listed.insert(name);
        const fs::path path = entry.path / name;
        std::error_code failure;
        const fs::file_type type = fs::symlink_status(path, failure).type();
        if (type == fs::file_type::not_found) return;
        if (type == fs::file_type::directory) return plan.foreign.push_back(name);
        plan.files.push_back({name, freedBytes(path), type == fs::file_type::symlink});
        plan.freedBytes += plan.files.back().freedBytes;
    };
    for (const ManifestFile& file : manifest->files)
        add(file.path);
    add(std::string(kManifestName));
    std::error_code failure;
    for (fs::directory_iterator one(entry.path, failure), end; !failure && one != end;
         one.increment(failure)) {
        const std::string name = displayPath(one->path().filename());
        if (listed.find(name) == listed.end()) plan.foreign.push_back(name);
    }
    if (failure)
        return Error{codes::kFileRead,
                     "cannot read folder " + displayPath(entry.path) + ": " + failure.message()};
    std::sort(plan.foreign.begin(), plan.foreign.end());
    return plan;
}

Result<std::uint64_t> removeModel(const RemovalPlan& plan, const RootLock& lock, FileLayer& files) {
    if (auto cleared = clearLeftovers(lock, files); !cleared) return cleared.error();
    std::uint64_t freed = 0;
    for (const PlannedFile& file : plan.files)
        freed += freedBytes(plan.folder / file.path);
    if (auto hidden = files.rename(plan.folder / kManifestName, plan.folder / kRemovingName); !hidden)
        return hidden.error();
    if (auto synced = files.syncDirectory(plan.folder); !synced) return synced.error();
    if (auto finished = finishRemoval(plan.folder, files); !finished)
        return Error{finished.error().code,
                     plan.name + " is removed, but not all of its files: " + finished.error().message +
                         "; the next import or removal tries again",
                     finished.error().detail};
    return freed;
}

} // namespace llamahome::jobs
