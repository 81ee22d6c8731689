// What cut-off imports and removals leave in the data root, how it is recognised and cleared. Any thread.
//
// An import works in models/<family>/.importing-<version>-<process>, renamed when it is whole. A removal
// first renames the manifest to llamahome.removing.json; what that lists is no model any more.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/data_root.h"
#include "jobs/root_lock.h"

namespace llamahome::jobs {

inline constexpr std::string_view kRemovingName = "llamahome.removing.json";

/// Where an import to that name works; a name of this process.
std::filesystem::path stagingFolder(const DataRoot& root, std::string_view family, std::string_view version);

enum class LeftoverKind { Import, Removal };

struct Leftover {
    LeftoverKind kind;
    std::string family;
    std::string version;
    std::filesystem::path path; ///< of the folder
};

/// By path. While another process works under the root's lock, its work is among them.
std::vector<Leftover> findLeftovers(const DataRoot& root);

/// Drops cut-off imports and finishes cut-off removals. Every import and removal calls it before it begins.
Result<void> clearLeftovers(const RootLock& lock, FileLayer& files);

/// Deletes the files that `folder`/llamahome.removing.json lists, that file, and the folder and its parent
/// where they are then empty. Links are unlinked, never followed.
Result<void> finishRemoval(const std::filesystem::path& folder, FileLayer& files);

} // namespace llamahome::jobs
