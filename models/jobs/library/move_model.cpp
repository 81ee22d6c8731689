#include "jobs/library/move_model.h"

#include <algorithm>

#include <sys/stat.h>

#include "core/error_codes.h"
#include "core/hash.h"
#include "core/log.h"
#include "jobs/library/copy_file.h"
#include "jobs/library/disk_room.h"
#include "jobs/library/leftovers.h"
#include "jobs/library/library_folders.h"
#include "jobs/library/manifest.h"
#include "jobs/library/remove_model.h"
#include "jobs/train/run_folder.h"
#include "jobs/train/run_list.h"
#include "jobs/verify/file_checks.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

Result<fs::path> knownPlace(const DataRoot& root, const fs::path& wanted) {
    std::error_code failure;
    const fs::path place = fs::absolute(wanted, failure).lexically_normal();
    const fs::path folder = place.has_filename() ? place : place.parent_path();
    if (folder == root.path) return root.models();
    std::string known;
    for (const fs::path& one : root.modelPlaces()) {
        if (one == folder) return one;
        known += (known.empty() ? "" : ", ") + displayPath(one);
    }
    return Error{codes::kModelWords, "move: found " + displayPath(wanted) + ", expected one of: " + known +
                                         "; `llamahome config edit model.library_folders=DIR` names more"};
}

Result<void> checkMovable(const ModelEntry& entry) {
    if (entry.kind != kModelKind)
        return Error{codes::kModelWords, entry.name + " is an adapter; adapters stay in the data folder"};
    switch (entry.state) {
    case ModelState::Verified:
        return {};
    case ModelState::Offline:
        return Error{codes::kModelOffline, entry.name + ": " + entry.problem};
    case ModelState::Damaged:
        return Error{codes::kModelDamaged, entry.name + ": " + entry.problem + "; `llamahome verify " +
                                               commandWords(entry) + "` says what helps"};
    default:
        return Error{codes::kModelNotInstalled, entry.name + " is not installed: there is nothing to move"};
    }
}

bool isOnDriveOf(const fs::path& folder, const fs::path& place) {
    struct stat one {};
    struct stat other {};
    return ::stat(folder.c_str(), &one) == 0 && ::stat(place.c_str(), &other) == 0 &&
           one.st_dev == other.st_dev;
}

/// Links name what lies elsewhere, perhaps by a way that the new place does not have: they are copied
/// through.
bool hasLinks(const fs::path& folder, const Manifest& manifest) {
    return std::any_of(manifest.files.begin(), manifest.files.end(), [&](const ManifestFile& file) {
        std::error_code failure;
        return fs::is_symlink(fs::symlink_status(folder / file.path, failure));
    });
}

/// Whether what a move that was cut off has copied is the model, whole.
Result<bool> isThereAlready(const fs::path& target, const Manifest& manifest) {
    if (!isThere(target)) return false;
    const auto found = readManifest(target);
    if (found && found->digest == manifest.digest && checkSizes(target, *found).empty()) return true;
    return Error{codes::kImportExists, displayPath(target) +
                                           ": something else has this name there; look at it with `llamahome "
                                           "models`, and remove it or move it away first"};
}

/// Runs that the model is the base of.
std::vector<RunInfo> runsOn(const DataRoot& root, const fs::path& model) {
    std::vector<RunInfo> runs = listRuns(root);
    std::erase_if(runs, [&](const RunInfo& run) { return run.record.modelFolder != model; });
    return runs;
}

class Move {
public:
    Move(const MovePlan& plan, const RootLock& lock, FileLayer& files, const Clock& clock,
         const CancelToken& cancel, const ProgressSink& progress)
        : m_plan(plan)
        , m_lock(lock)
        , m_files(files)
        , m_clock(clock)
        , m_cancel(cancel)
        , m_progress(progress) {}

    Result<MoveResult> run() {
        clearLeftovers(m_lock, m_files);
        const auto manifest = readManifest(m_plan.entry.path);
        if (!manifest) return manifest.error();
        if (auto claimed = claimPlace(m_files, m_lock.root(), m_plan.place); !claimed) return claimed.error();
        if (auto made = m_files.makeDirectories(m_plan.target.parent_path()); !made) return made.error();
        const auto isCopied = isThereAlready(m_plan.target, *manifest);
        if (!isCopied) return isCopied.error();
        MoveResult result{m_plan.target, m_plan.isRename || *isCopied ? 0 : m_plan.bytes, {}};
        if (m_plan.isRename && !*isCopied) {
            if (auto renamed = rename(result.runs); !renamed) return renamed.error();
        } else {
            if (!*isCopied)
                if (auto copied = copy(*manifest); !copied) return copied.error();
            if (auto told = tellRuns(m_plan.entry.path, m_plan.target, result.runs); !told)
                return told.error();
        }
        if (auto removed = removeOld(); !removed) return removed.error();
        if (auto kept = rememberPlaces(m_files, m_lock.root()); !kept)
            logLine(LogLevel::Warning, "jobs", kept.error().message);
        return result;
    }

private:
    /// Runs are told first: cut in between, the model still lies where it is looked for, and the same move
    /// ends it.
    Result<void> rename(std::vector<std::string>& names) {
        auto done = tellRuns(m_plan.entry.path, m_plan.target, names);
        if (done) done = m_files.rename(m_plan.entry.path, m_plan.target);
        if (!done) {
            std::vector<std::string> toldBack;
            (void)tellRuns(m_plan.target, m_plan.entry.path, toldBack);
            return done;
        }
        return m_files.syncDirectory(m_plan.target.parent_path());
    }

    Result<void> copy(const Manifest& manifest) {
        if (auto fits = checkDiskRoom(m_plan.place, m_plan.bytes, "moving " + m_plan.entry.name); !fits)
            return fits;
        const StagingFolder staging(m_plan.place, m_plan.entry.family, m_plan.entry.version);
        auto done = fill(staging.path(), manifest);
        if (done) done = m_files.rename(staging.path(), m_plan.target);
        if (!done) {
            (void)removeTree(m_files, staging.path());
            return done;
        }
        return m_files.syncDirectory(m_plan.target.parent_path());
    }

    Result<void> fill(const fs::path& staging, const Manifest& manifest) {
        if (auto made = m_files.makeDirectory(staging); !made) return made;
        Progress state{"moving " + m_plan.entry.name, 0, m_plan.bytes, "bytes"};
        for (const ManifestFile& file : manifest.files) {
            const auto copied = copyFile(m_files, m_plan.entry.path / file.path, staging / file.path,
                                         m_cancel, [&](std::uint64_t bytes) {
                                             state.done = std::min(state.done + bytes, state.total);
                                             if (m_progress) m_progress(state);
                                         });
            if (!copied) return copied;
            const auto hash = sha256File(staging / file.path, m_cancel);
            if (!hash) return hash.error();
            if (*hash != file.sha256)
                return Error{codes::kHashMismatch,
                             m_plan.entry.name + ": " + file.path +
                                 " is not what was recorded, here or as copied; `llamahome verify " +
                                 commandWords(m_plan.entry) + " --deep` says whether it is damaged here"};
        }
        if (auto written = writeManifest(m_files, staging, manifest); !written) return written;
        return m_files.syncDirectory(staging);
    }

    /// Runs that could go on look for the model at `now`.
    Result<void> tellRuns(const fs::path& before, const fs::path& now, std::vector<std::string>& names) {
        for (const RunInfo& info : runsOn(m_lock.root(), before)) {
            if (info.record.startedAt.empty()) continue;
            auto run = RunFolder::open(m_files, info.path);
            if (!run) return run.error();
            RunRecord record = info.record;
            record.modelFolder = now;
            if (auto updated = run->update(std::move(record), m_clock); !updated) return updated;
            names.push_back(info.name);
        }
        return {};
    }

    Result<void> removeOld() {
        if (!isThere(m_plan.entry.path)) // it was renamed
            return removeIfEmpty(m_plan.entry.path.parent_path(), m_files);
        const auto plan = planRemoval(m_lock.root(), m_plan.entry);
        if (!plan) return plan.error();
        const auto freed = removeModel(*plan, m_lock, m_files);
        return freed ? Result<void>() : Result<void>(freed.error());
    }

    const MovePlan& m_plan;
    const RootLock& m_lock;
    FileLayer& m_files;
    const Clock& m_clock;
    const CancelToken& m_cancel;
    const ProgressSink& m_progress;
};

} // namespace

Result<MovePlan> planMove(const DataRoot& root, const ModelEntry& entry, const fs::path& wanted) {
    if (auto movable = checkMovable(entry); !movable) return movable.error();
    const auto place = knownPlace(root, wanted);
    if (!place) return place.error();
    const fs::path target = *place / entry.family / entry.version;
    if (target == entry.path)
        return Error{codes::kImportExists, entry.name + " lies in " + displayPath(*place) + " already"};
    const auto removal = planRemoval(root, entry); // what it refuses to remove cannot be moved
    if (!removal) return removal.error();
    if (!removal->foreign.empty())
        return Error{codes::kRemoveRefused, displayPath(entry.path) + ": found " + removal->foreign.front() +
                                                ", which is no part of the model; move that away first"};
    const auto manifest = readManifest(entry.path);
    if (!manifest) return manifest.error();
    if (const auto there = isThereAlready(target, *manifest); !there) return there.error();
    for (const RunInfo& run : runsOn(root, entry.path))
        if (run.record.state == RunState::Running)
            return Error{codes::kRunActive, entry.name + ": run '" + run.name +
                                                "' is under way and needs it; stop that run, or wait for it"};
    const std::vector<ModelPlace> away = placesAway(root);
    for (const ModelPlace& one : away)
        if (one.path == *place)
            return Error{codes::kModelOffline, displayPath(*place) + " is not there; connect its drive"};
    const bool isRename = isOnDriveOf(entry.path, *place) && !hasLinks(entry.path, *manifest);
    return MovePlan{entry, *place, target, manifest->totalBytes(), isRename};
}

Result<MoveResult> moveModel(const MovePlan& plan, const RootLock& lock, FileLayer& files, const Clock& clock,
                             const CancelToken& cancel, const ProgressSink& progress) {
    return Move(plan, lock, files, clock, cancel, progress).run();
}

} // namespace llamahome::jobs
