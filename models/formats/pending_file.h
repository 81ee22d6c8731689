// A file written beside its final name and renamed when it is whole. One thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "core/file_layer.h"
#include "core/result.h"

namespace llamahome::formats {

class PendingFile {
public:
    /// Opens an empty sibling of `path`. An existing file at `path` stays until finish() replaces it. `files`
    /// outlives this.
    static Result<std::unique_ptr<PendingFile>> create(FileLayer& files, const std::filesystem::path& path);
    /// Removes what was written unless finish() succeeded.
    ~PendingFile();
    PendingFile(const PendingFile&) = delete;
    PendingFile& operator=(const PendingFile&) = delete;

    Result<void> write(std::span<const std::byte> bytes) { return m_file->write(bytes); }
    /// Flushes the file, gives it its name and flushes that.
    Result<void> finish();
    const std::filesystem::path& path() const { return m_path; }

private:
    PendingFile(FileLayer& files, std::filesystem::path path);

    FileLayer& m_files;
    std::filesystem::path m_path;
    std::filesystem::path m_temporary;
    std::unique_ptr<WritableFile> m_file;
    bool m_isFinished = false;
};

} // namespace llamahome::formats
