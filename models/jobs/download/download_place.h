// Where a download lies until it is a model: models/<family>/.downloading-<version>, kept between attempts
// and visible as "partial". A record lies in it, and the files in a folder "files". Not on the GUI thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/file_layer.h"
#include "core/file_lock.h"
#include "core/result.h"
#include "jobs/library/data_root.h"

namespace llamahome::jobs {

/// What an attempt writes beside its files, so that the next one asks for the same: the branch may have moved
/// meanwhile.
struct DownloadRecord {
    std::string source;           ///< address of the Hub or mirror, "Meta"
    std::string name;             ///< Hub id, or what the source calls it
    std::string revision;         ///< as it was asked for; empty: none was
    std::string commit;           ///< what that was resolved to; empty: the source has none
    std::uint64_t totalBytes = 0; ///< of all files
};

/// The folder of a download, whether it is there or not.
std::filesystem::path downloadFolder(const DataRoot& root, std::string_view family, std::string_view version);

/// What the last attempt wrote; nothing where it is missing or cannot be read: the files are proved anew all
/// the same.
std::optional<DownloadRecord> readDownloadRecord(const std::filesystem::path& folder);

/// Where the files of the download in that folder gather.
std::filesystem::path downloadedFiles(const std::filesystem::path& folder);
/// Bytes of a download's files that are on the disk.
std::uint64_t downloadedBytes(const std::filesystem::path& folder);

/// The sole right to work in the folder of one download.
class DownloadPlace {
public:
    /// Makes the folder where it is missing. DL-02 where another process or job downloads the same model.
    static Result<DownloadPlace> claim(const DataRoot& root, const std::string& family,
                                       const std::string& version, FileLayer& files);

    /// The folder of the files.
    std::filesystem::path files() const;
    Result<void> writeRecord(const DownloadRecord& record);

    /// Removes what is no file of `names`, nor a part of one that is on its way.
    Result<void> keepOnly(const std::vector<std::string>& names);
    /// Gives the folder of the files its final name, durably, and removes the rest. IMP-03 where something
    /// stands there meanwhile.
    Result<void> publish(const std::filesystem::path& target);
    /// Removes everything.
    Result<void> discard();

private:
    DownloadPlace(std::filesystem::path folder, FileLock lock, FileLayer& files)
        : m_folder(std::move(folder))
        , m_lock(std::move(lock))
        , m_layer(&files) {}

    std::filesystem::path m_folder;
    FileLock m_lock;
    FileLayer* m_layer;
};

} // namespace llamahome::jobs
