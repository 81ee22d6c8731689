#include "jobs/download/download_place.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/json_field.h"
#include "jobs/library/folder_files.h"
#include "jobs/library/leftovers.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr const char* kRecordName = "record.json";
constexpr const char* kFilesFolder = "files";
constexpr std::size_t kMaxRecordBytes = 64U << 10;
constexpr int kSchema = 1;
constexpr int kClaimTries = 3; // a name can vanish between making and locking it

} // namespace

fs::path downloadFolder(const DataRoot& root, std::string_view family, std::string_view version) {
    return root.models() / family / (std::string(kDownloading) + std::string(version));
}

std::optional<DownloadRecord> readDownloadRecord(const fs::path& folder) {
    const auto json = readJsonFile(folder / kRecordName, {4, kMaxRecordBytes});
    if (!json || countField(*json, "schema") != kSchema) return std::nullopt;
    return DownloadRecord{stringField(*json, "source"), stringField(*json, "name"),
                          stringField(*json, "revision"), stringField(*json, "commit"),
                          countField(*json, "total_bytes").value_or(0)};
}

fs::path downloadedFiles(const fs::path& folder) {
    return folder / kFilesFolder;
}

std::uint64_t downloadedBytes(const fs::path& folder) {
    return bytesBelow(downloadedFiles(folder));
}

Result<DownloadPlace> DownloadPlace::claim(const DataRoot& root, const std::string& family,
                                           const std::string& version, FileLayer& files) {
    const fs::path folder = downloadFolder(root, family, version);
    for (int i = 0; i < kClaimTries; ++i) {
        if (auto made = files.makeDirectories(folder); !made) return made.error();
        auto lock = FileLock::tryAcquire(folder);
        if (!lock) return lock.error();
        if (!*lock) continue;
        if (auto made = files.makeDirectories(folder / kFilesFolder); !made) return made.error();
        return DownloadPlace(folder, std::move(**lock), files);
    }
    return Error{codes::kDownloadBusy, family + "/" + version +
                                           " is being downloaded by another process; wait until it is done, "
                                           "or stop that one: what it has fetched is kept"};
}

fs::path DownloadPlace::files() const {
    return m_folder / kFilesFolder;
}

Result<void> DownloadPlace::writeRecord(const DownloadRecord& record) {
    const Json json{{"schema", kSchema},       {"source", record.source},
                    {"name", record.name},     {"revision", record.revision},
                    {"commit", record.commit}, {"total_bytes", record.totalBytes}};
    return writeFileAtomically(*m_layer, m_folder / kRecordName, writeJson(json));
}

Result<void> DownloadPlace::keepOnly(const std::vector<std::string>& names) {
    for (const FolderFile& file : filesBelow(files())) {
        const auto belongs = [&](const std::string& name) {
            return file.path == name || file.path.starts_with(name + ".part");
        };
        if (std::any_of(names.begin(), names.end(), belongs)) continue;
        if (auto removed = m_layer->remove(files() / file.path); !removed) return removed;
    }
    return {};
}

Result<void> DownloadPlace::publish(const fs::path& target) {
    if (auto renamed = m_layer->rename(files(), target); !renamed) {
        if (renamed.error().code != codes::kFileExists) return renamed;
        return Error{codes::kImportExists, displayPath(target) +
                                               ": something else has taken this name meanwhile; look at it "
                                               "with `llamahome models`, and download again"};
    }
    if (auto synced = m_layer->syncDirectory(target.parent_path()); !synced) return synced;
    return discard();
}

Result<void> DownloadPlace::discard() {
    return removeTree(*m_layer, m_folder);
}

} // namespace llamahome::jobs
