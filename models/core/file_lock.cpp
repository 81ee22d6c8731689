#include "core/file_lock.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error_codes.h"
#include "core/file_layer.h"

namespace llamahome {
namespace {

/// Whether the name still leads to what was opened.
bool isStillNamed(const std::filesystem::path& path, int descriptor) {
    struct stat named {};
    struct stat opened {};
    return ::stat(path.c_str(), &named) == 0 && ::fstat(descriptor, &opened) == 0 &&
           named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

} // namespace

Result<std::optional<FileLock>> FileLock::tryAcquire(const std::filesystem::path& path) {
    FileLock lock(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (lock.m_descriptor < 0) {
        if (errno == ENOENT) return std::optional<FileLock>();
        return Error{codes::kFilePermission, "cannot open " + displayPath(path) + ": " +
                                                 std::generic_category().message(errno) +
                                                 "; choose a folder you may write to"};
    }
    if (::flock(lock.m_descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return std::optional<FileLock>();
    if (!isStillNamed(path, lock.m_descriptor)) return std::optional<FileLock>();
    return std::optional<FileLock>(std::move(lock));
}

FileLock::~FileLock() {
    if (m_descriptor >= 0) ::close(m_descriptor);
}

FileLock::FileLock(FileLock&& other) noexcept
    : m_descriptor(std::exchange(other.m_descriptor, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
    std::swap(m_descriptor, other.m_descriptor);
    return *this;
}

} // namespace llamahome
