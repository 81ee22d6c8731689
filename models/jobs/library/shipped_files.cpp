#include "jobs/library/shipped_files.h"

#include <string>
#include <vector>

#include "core/error_codes.h"
#include "core/file_layer.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

/// Programs of a build tree lie at most this many folders below the source tree: build/dev/bin/llamahome.
constexpr int kMostParents = 5;

bool isShippedFolder(const ShippedFiles& candidate) {
    std::error_code failure;
    return fs::is_regular_file(candidate.catalog(), failure);
}

} // namespace

Result<ShippedFiles> findShippedFiles(const fs::path& executable) {
    const fs::path folder = executable.parent_path();
    // Of bin/llamahome, and of lib/llamahome/llamahome-window.
    std::vector<fs::path> candidates{folder.parent_path() / "share" / "llamahome",
                                     folder.parent_path().parent_path() / "share" / "llamahome"};
    fs::path above = folder;
    for (int i = 0; i < kMostParents && above.has_relative_path(); ++i) {
        candidates.push_back(above);
        above = above.parent_path();
    }
    std::string tried;
    for (const fs::path& candidate : candidates) {
        if (isShippedFolder({candidate})) return ShippedFiles{candidate};
        tried += displayPath(candidate / ".config" / "models.json") + ": not there\n";
    }
    return Error{codes::kShippedFiles,
                 "the program's own files (.config/models.json) are missing beside " +
                     displayPath(executable) + "; install the program again",
                 tried};
}

Result<ShippedFiles> findShippedFiles() {
    std::error_code failure;
    const fs::path executable = fs::read_symlink("/proc/self/exe", failure);
    if (failure)
        return Error{codes::kShippedFiles, "cannot find the program's own place: " + failure.message()};
    return findShippedFiles(executable);
}

} // namespace llamahome::jobs
