// Removes an installed model or adapter: what its manifest lists, and nothing else; where that cannot be
// read, on request what has the name of a file of its kind. Of a download that is not whole all that was
// fetched. Not on the GUI thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/library.h"
#include "jobs/library/root_lock.h"

namespace llamahome::jobs {

struct PlannedFile {
    std::string path;             ///< name in the folder
    std::uint64_t freedBytes = 0; ///< 0 for a link, and for a file that has another hard link
    bool isLink = false;
};

struct RemovalPlan {
    std::string name;
    std::filesystem::path folder;
    std::vector<PlannedFile> files;   ///< those of the manifest that are there, and the manifest, the last
    std::vector<PlannedFile> caches;  ///< quantised weights, a mark of damage: what goes first
    std::vector<std::string> foreign; ///< names in the folder that stay, and the folder with them
    std::uint64_t freedBytes = 0;
    bool isByName = false;   ///< the manifest cannot be read
    bool isDownload = false; ///< that is not whole: `folder` goes with all that is in it
};

/// What tells which files of a folder are the model's.
enum class RemovalBasis {
    Manifest, ///< its list of files; RM-01 where that cannot be read
    Names,    ///< likewise, and where it cannot be read, what belongsToModel() or belongsToAdapter() names
};

/// What removal would do; changes nothing. LIB-03 when it is not installed; RM-01 when the folder is not one
/// of this root, or a link.
Result<RemovalPlan> planRemoval(const DataRoot& root, const ModelEntry& entry,
                                RemovalBasis basis = RemovalBasis::Manifest);

/// What is of no use while `model`, its base, is not there. It stays when the model goes.
struct Dependents {
    std::vector<std::string> adapters; ///< names
    std::vector<std::string> runs;     ///< names of those that could be resumed
};
Dependents dependentsOf(const Library& library, const ModelEntry& model);

/// Carries the plan out. The first change, one rename of the manifest, makes the model disappear as a whole;
/// what a cut leaves after that is cleared away by clearLeftovers(). By name the manifest goes last instead,
/// so that the folder is a damaged model until then and can be removed again. Needs no free space. Returns
/// the freed bytes. DL-02 where the download that is to be removed runs.
Result<std::uint64_t> removeModel(const RemovalPlan& plan, const RootLock& lock, FileLayer& files);

} // namespace llamahome::jobs
