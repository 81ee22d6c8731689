#include "jobs/library/remove_model.h"

#include <algorithm>
#include <iterator>

#include <sys/stat.h>

#include "core/error_codes.h"
#include "jobs/download/download_place.h"
#include "jobs/import/import_source.h"
#include "jobs/library/folder_files.h"
#include "jobs/library/held_folder.h"
#include "jobs/library/leftovers.h"
#include "jobs/library/manifest.h"
#include "jobs/library/model_spec.h"
#include "jobs/train/finished_adapter.h"
#include "jobs/train/run_list.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

/// What unlinking gives back: nothing for a link, a folder, and a file with another name.
std::uint64_t freedBytes(const fs::path& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink > 1) return 0;
    return static_cast<std::uint64_t>(status.st_size);
}

/// The folder is two levels below data/models or a library, and every step on the way is a real folder.
Result<void> checkPlace(const DataRoot& root, const ModelEntry& entry) {
    const auto refuse = [&](const std::string& why) {
        return Error{codes::kRemoveRefused, displayPath(entry.path) + ": " + why};
    };
    const std::vector<fs::path> places = root.modelPlaces();
    const auto place = std::find_if(places.begin(), places.end(), [&](const fs::path& models) {
        return entry.path == models / entry.family / entry.version;
    });
    if (place == places.end() || entry.path.lexically_normal() != entry.path)
        return refuse("is not in this data folder; delete it yourself if it is yours");
    std::error_code failure;
    for (const fs::path& folder : {*place, entry.path.parent_path(), entry.path})
        if (fs::is_symlink(fs::symlink_status(folder, failure)))
            return refuse(displayPath(folder) + " is a link; delete the link yourself, what it names stays");
    return {};
}

/// Names of everything in a folder, sorted.
Result<std::vector<std::string>> namesIn(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code failure;
    for (fs::directory_iterator one(folder, failure), end; !failure && one != end; one.increment(failure))
        names.push_back(displayPath(one->path().filename()));
    if (failure)
        return Error{codes::kFileRead,
                     "cannot read folder " + displayPath(folder) + ": " + failure.message()};
    std::sort(names.begin(), names.end());
    return names;
}

/// Names of the model's own files, the manifest aside, and whether they are only known by name.
struct OwnFiles {
    std::vector<std::string> names;
    bool isByName = false;
};

Result<OwnFiles> ownFiles(const ModelEntry& entry, const Result<Manifest>& manifest,
                          const std::vector<std::string>& present, RemovalBasis basis) {
    OwnFiles own;
    if (manifest) {
        for (const ManifestFile& file : manifest->files)
            own.names.push_back(file.path);
        return own;
    }
    if (basis == RemovalBasis::Manifest)
        return Error{codes::kRemoveRefused,
                     manifest.error().message +
                         "; without its list of files nothing is deleted: `llamahome remove " +
                         commandWords(entry) +
                         " --force` deletes what has the name of such a file and leaves the rest, or delete "
                         "the folder yourself"};
    own.isByName = true;
    const auto belongs = entry.kind == kAdapterKind ? belongsToAdapter : belongsToModel;
    std::copy_if(present.begin(), present.end(), std::back_inserter(own.names), belongs);
    return own;
}

/// Of a download that is not whole.
RemovalPlan downloadPlan(const ModelEntry& entry, const fs::path& folder) {
    RemovalPlan plan{entry.name, folder, {}, {}, {}, 0, false, true};
    for (const FolderFile& file : filesBelow(folder)) {
        plan.files.push_back({file.path, file.bytes, false});
        plan.freedBytes += file.bytes;
    }
    return plan;
}

Result<std::uint64_t> removeDownload(const RemovalPlan& plan, const RootLock& lock, FileLayer& files) {
    const std::string version = displayPath(plan.folder.filename()).substr(kDownloading.size());
    const fs::path parent = plan.folder.parent_path();
    auto place = DownloadPlace::claim(lock.root(), displayPath(parent.filename()), version, files);
    if (!place) return place.error();
    const std::uint64_t freed = bytesBelow(plan.folder);
    if (auto discarded = place->discard(); !discarded) return discarded.error();
    if (auto removed = removeIfEmpty(parent, files); !removed) return removed.error();
    return freed;
}

} // namespace

Result<RemovalPlan> planRemoval(const DataRoot& root, const ModelEntry& entry, RemovalBasis basis) {
    const Error absent{codes::kModelNotInstalled,
                       entry.name + " is not installed: there is nothing to remove"};
    if (entry.state == ModelState::Absent) return absent;
    if (entry.state == ModelState::Offline && !isThere(entry.path))
        return Error{codes::kModelOffline, entry.name + ": " + entry.problem};
    if (entry.state == ModelState::Foreign)
        return Error{codes::kRemoveRefused, displayPath(entry.path) +
                                                ": was not imported, so nothing tells which files are the "
                                                "model's; delete the folder yourself, or import it first"};
    if (auto placed = checkPlace(root, entry); !placed) return placed.error();
    if (entry.isDownload) return downloadPlan(entry, downloadFolder(root, entry.family, entry.version));
    const auto manifest = readManifest(entry.path);
    if (!manifest && manifest.error().code == codes::kFileNotFound) return absent;
    const auto present = namesIn(entry.path);
    if (!present) return present.error();
    auto own = ownFiles(entry, manifest, *present, basis);
    if (!own) return own.error();
    own->names.emplace_back(kManifestName);
    RemovalPlan plan{entry.name, entry.path, {}, {}, {}, 0, own->isByName, false};
    const auto add = [&](std::vector<PlannedFile>& planned, const std::string& name) {
        const fs::path path = entry.path / name;
        std::error_code failure;
        const fs::file_type type = fs::symlink_status(path, failure).type();
        // A folder under the name of a file of ours is somebody else's.
        if (type == fs::file_type::not_found || type == fs::file_type::directory) return;
        planned.push_back({name, freedBytes(path), type == fs::file_type::symlink});
        plan.freedBytes += planned.back().freedBytes;
    };
    for (const std::string& name : own->names)
        add(plan.files, name);
    for (const std::string& name : *present)
        if (name != kManifestName && isProgramsOwn(name)) add(plan.caches, name);
    std::copy_if(present->begin(), present->end(), std::back_inserter(plan.foreign),
                 [&](const std::string& name) {
                     const auto isPlanned = [&](const PlannedFile& file) { return file.path == name; };
                     return std::none_of(plan.files.begin(), plan.files.end(), isPlanned) &&
                            std::none_of(plan.caches.begin(), plan.caches.end(), isPlanned);
                 });
    return plan;
}

Dependents dependentsOf(const Library& library, const ModelEntry& model) {
    Dependents found;
    if (model.kind == kAdapterKind) return found;
    for (const ModelEntry& adapter : library.installedAdapters()) {
        const auto base = baseNameOfAdapter(adapter);
        if (base && baseAmong({model}, adapter, *base) != nullptr) found.adapters.push_back(adapter.name);
    }
    for (const RunInfo& run : listRuns(library.root()))
        if (canResume(run) && run.record.modelFolder == model.path) found.runs.push_back(run.name);
    return found;
}

Result<std::uint64_t> removeModel(const RemovalPlan& plan, const RootLock& lock, FileLayer& files) {
    clearLeftovers(lock, files);
    const auto removing = lock.removing();
    if (plan.isDownload) return removeDownload(plan, lock, files);
    const auto held = HeldFolder::open(plan.folder);
    if (!held) return held.error();
    const fs::path& folder = held->path();
    std::uint64_t freed = 0;
    for (const PlannedFile& cache : plan.caches) { // a model without them is whole
        const std::uint64_t bytes = freedBytes(folder / cache.path);
        if (auto removed = files.remove(folder / cache.path); !removed) return held->named(removed.error());
        freed += bytes;
    }
    std::vector<std::string> names;
    for (const PlannedFile& file : plan.files) {
        freed += freedBytes(folder / file.path);
        names.push_back(file.path);
    }
    if (plan.isByName) {
        if (auto removed = removeFiles(*held, names, files); !removed) return removed.error();
        return freed;
    }
    if (auto hidden = files.rename(folder / kManifestName, folder / kRemovingName); !hidden)
        return held->named(hidden.error());
    if (auto synced = files.syncDirectory(folder); !synced) return held->named(synced.error());
    if (auto finished = finishRemoval(*held, files); !finished)
        return Error{finished.error().code,
                     plan.name + " is removed, but not all of its files: " + finished.error().message +
                         "; the next import or removal tries again",
                     finished.error().detail};
    return freed;
}

} // namespace llamahome::jobs
