// What cut-off imports and removals leave in the data root, how it is recognised and cleared. Any thread.
//
// An import works in models/<family>/.importing-<version>-<process>.<number>, renamed when it is whole. What
// it replaces waits in .replaced-<version>-… where names cannot be exchanged, and is put back if nothing took
// its place. A removal first renames the manifest to llamahome.removing.json; what that lists is no model any
// more. A download in models/<family>/.downloading-<version> is no rubbish: the next attempt goes on with it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/data_root.h"
#include "jobs/library/held_folder.h"
#include "jobs/library/root_lock.h"

namespace llamahome::jobs {

inline constexpr std::string_view kRemovingName = "llamahome.removing.json";
inline constexpr std::string_view kDownloading = ".downloading-";

enum class LeftoverKind { Import, Replaced, Removal, Download };

/// Where one job works on what will be called family/version (Import), or keeps what was (Replaced): a path
/// that no other job has, of this process or another. While the object lives nobody takes what lies there for
/// a leftover. It makes and removes nothing.
class StagingFolder {
public:
    StagingFolder(const DataRoot& root, std::string_view family, std::string_view version,
                  LeftoverKind kind = LeftoverKind::Import)
        : StagingFolder(root.models(), family, version, kind) {}
    /// In one of DataRoot::modelPlaces().
    StagingFolder(const std::filesystem::path& models, std::string_view family, std::string_view version,
                  LeftoverKind kind = LeftoverKind::Import);
    ~StagingFolder();
    StagingFolder(const StagingFolder&) = delete;
    StagingFolder& operator=(const StagingFolder&) = delete;

    const std::filesystem::path& path() const { return m_path; }

private:
    std::filesystem::path m_path;
};

struct Leftover {
    LeftoverKind kind;
    std::string family;
    std::string version;
    std::filesystem::path path; ///< of the folder
};

/// By path, in the root and in the libraries that are there. Work in progress, of this process or another, is
/// among them.
std::vector<Leftover> findLeftovers(const DataRoot& root);

/// Drops the imports that nobody works on any more and what is left of downloads that have become models,
/// puts back what was to be replaced and was not, and finishes cut-off removals; other downloads stay, and
/// jobs of this process that hold the same lock keep theirs. What cannot be cleared is logged and stays; it
/// must not keep other work from being done. Every import and removal calls it before it begins.
void clearLeftovers(const RootLock& lock, FileLayer& files);
/// The part of it that concerns imports to one family.
Result<void> clearImports(const DataRoot& root, std::string_view family, FileLayer& files);

/// Deletes a folder that is there and empty.
Result<void> removeIfEmpty(const std::filesystem::path& folder, FileLayer& files);

/// Deletes the named files of `folder` in that order, then the folder and its parent where they are empty.
/// Links are unlinked, never followed; a folder under one of the names is somebody else's and stays.
Result<void> removeFiles(const HeldFolder& folder, const std::vector<std::string>& names, FileLayer& files);

/// Deletes the files that `folder`/llamahome.removing.json lists, that file, and the folder and its parent
/// where they are then empty. Links are unlinked, never followed. The caller holds RootLock::removing().
Result<void> finishRemoval(const HeldFolder& folder, FileLayer& files);

} // namespace llamahome::jobs
