// FileLock: the sole right to write one file, which the system takes away when its holder ends, however that
// ends. Any thread.
#pragma once

#include <filesystem>
#include <optional>

#include "core/result.h"

namespace llamahome {

/// An exclusive operating system lock of one open file or folder; leaves no file behind. Another holder in
/// the same process is one of its own. It binds only who asks for it.
class FileLock {
public:
    /// Nothing where somebody else holds it, or where `path` was renamed or removed meanwhile: look again.
    /// FILE-… where it cannot be opened. On a file system without locks it is had, and shuts out nobody.
    static Result<std::optional<FileLock>> tryAcquire(const std::filesystem::path& path);

    ~FileLock();
    FileLock(FileLock&& other) noexcept;
    FileLock& operator=(FileLock&& other) noexcept;
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

private:
    explicit FileLock(int descriptor)
        : m_descriptor(descriptor) {}

    int m_descriptor = -1;
};

} // namespace llamahome
