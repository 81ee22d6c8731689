// The file layer: every write, rename and removal of the program goes through here. Any thread.
//
// Production uses systemFiles(); tests use a layer that counts calls, fails the k-th or stops the process
// there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace llamahome {

/// A file open for writing. Destroying it without close() keeps what was written, unflushed.
class WritableFile {
public:
    virtual ~WritableFile() = default;
    /// Appends all bytes or fails (FILE-03 when the disk is full, else FILE-05).
    virtual Result<void> write(std::span<const std::byte> bytes) = 0;
    /// Makes the bytes durable (fsync).
    virtual Result<void> sync() = 0;
    /// Sets room aside on the disk for `sizeBytes` in all, the size as it is; on a file system that cannot,
    /// it does nothing. FILE-03: there is not so much room.
    virtual Result<void> reserve(std::uint64_t sizeBytes) = 0;
    /// Closes and reports a late write error.
    virtual Result<void> close() = 0;
};

class FileLayer {
public:
    virtual ~FileLayer() = default;

    /// Creates a new file; FILE-06 if the name exists.
    virtual Result<std::unique_ptr<WritableFile>> createNew(const std::filesystem::path& path) = 0;
    /// Opens for appending, creating it if absent.
    virtual Result<std::unique_ptr<WritableFile>> openAppend(const std::filesystem::path& path) = 0;
    /// Leaves the first `sizeBytes` of a file, which has at least so many.
    virtual Result<void> truncate(const std::filesystem::path& path, std::uint64_t sizeBytes) = 0;
    /// Atomically renames a file or folder within one file system; an existing target file is replaced.
    virtual Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
    /// Atomically swaps two existing names, files or folders, within one file system. False where the system
    /// cannot do that; then nothing has changed.
    virtual Result<bool> exchange(const std::filesystem::path& one, const std::filesystem::path& other) = 0;
    /// Removes one file, link (never its target) or empty folder. Absent is success.
    virtual Result<void> remove(const std::filesystem::path& path) = 0;
    /// Creates one folder; FILE-06 if the name exists. The exclusive claim on a name.
    virtual Result<void> makeDirectory(const std::filesystem::path& path) = 0;
    /// Creates a folder and its parents; existing ones are fine.
    virtual Result<void> makeDirectories(const std::filesystem::path& path) = 0;
    /// Makes the names in a folder durable.
    virtual Result<void> syncDirectory(const std::filesystem::path& path) = 0;
    /// Creates a symbolic link at `link` that names `target`.
    virtual Result<void> symlink(const std::filesystem::path& target, const std::filesystem::path& link) = 0;
};

/// The operating system's files. Lives as long as the program.
FileLayer& systemFiles();

/// Writes `bytes` to a sibling temporary, flushes, and renames it to `path`: whole or not at all.
Result<void> writeFileAtomically(FileLayer& files, const std::filesystem::path& path, std::string_view bytes);

/// Removes a folder and everything in it, links unlinked and not followed. Absent is success.
Result<void> removeTree(FileLayer& files, const std::filesystem::path& path);

/// Whether anything has that name; a link counts, whatever it names.
bool isThere(const std::filesystem::path& path);

/// Reads a regular file of at most `maxBytes`. FILE-01 absent, FILE-02 no permission, FILE-07 larger,
/// FILE-08 folder, device or pipe (never opened).
Result<std::string> readFile(const std::filesystem::path& path, std::uint64_t maxBytes = 64ULL << 20);

/// Size of a regular file in bytes; errors as readFile.
Result<std::uint64_t> fileSize(const std::filesystem::path& path);

/// Bytes that the caller may still write to the file system holding `path` (or its nearest existing parent).
Result<std::uint64_t> freeDiskBytes(const std::filesystem::path& path);

/// `path` as UTF-8 text for messages.
std::string displayPath(const std::filesystem::path& path);

} // namespace llamahome
