// Reads one ZIP archive, whose directory is checked whole before a member is handed out. One thread at a
// time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"
#include "formats/input_file.h"
#include "formats/zip/zip_directory.h"
#include "formats/zip/zip_entry_reader.h"

namespace llamahome::formats {

class ZipArchive {
public:
    /// Opens the file and checks its directory by the rules of readZipDirectory(); IM-n for what only bears
    /// the name. zip64 is read, data before the archive or behind it are refused.
    static Result<std::unique_ptr<ZipArchive>> open(const std::filesystem::path& path);

    /// In the directory's order. A size is what the archive claims: compare it with what there is room for.
    const std::vector<ZipEntry>& entries() const { return m_directory.entries; }
    /// The member of that name, or null.
    const ZipEntry* find(std::string_view name) const;

    /// The file, for reading the data of a stored member where they are.
    const InputFile& file() const { return *m_file; }
    /// Where the data of a member of entries() begin: compressedBytes of them, all before the directory.
    /// ZIP-01 where its local header contradicts the directory.
    Result<std::uint64_t> dataOffset(const ZipEntry& entry) const;
    /// Unpacks a member of entries() into `sink`, by the contract of unpackZipEntry().
    Result<void> extract(const ZipEntry& entry, const ZipSink& sink, const CancelToken& cancel,
                         const ProgressSink& progress = {}) const;

private:
    ZipArchive(std::unique_ptr<InputFile> file, ZipDirectory directory);

    std::unique_ptr<InputFile> m_file;
    ZipDirectory m_directory;
};

} // namespace llamahome::formats
