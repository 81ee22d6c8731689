#include "jobs/library/life_lock.h"

#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace llamahome::jobs {
namespace {

#if defined(F_OFD_SETLK)
// Locks of the open file, not of the process: closing another descriptor of the file does not drop them, and
// asking for them takes none.
constexpr int kSet = F_OFD_SETLK;
constexpr int kGet = F_OFD_GETLK;
#else
constexpr int kSet = -1;
constexpr int kGet = -1;
#endif

struct flock wholeFile(short type) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

int openToRead(const std::filesystem::path& file) {
    return ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

} // namespace

LifeLock LifeLock::take(const std::filesystem::path& file) {
    LifeLock taken(openToRead(file));
    struct flock lock = wholeFile(F_RDLCK);
    if (!taken.isHeld() || ::fcntl(taken.m_descriptor, kSet, &lock) == 0) return taken;
    return {};
}

std::optional<bool> LifeLock::isTaken(const std::filesystem::path& file) {
    const LifeLock opened(openToRead(file));
    struct flock lock = wholeFile(F_WRLCK);
    if (!opened.isHeld() || ::fcntl(opened.m_descriptor, kGet, &lock) != 0) return {};
    return lock.l_type != F_UNLCK;
}

LifeLock::~LifeLock() {
    if (m_descriptor >= 0) ::close(m_descriptor);
}

LifeLock::LifeLock(LifeLock&& other) noexcept
    : m_descriptor(std::exchange(other.m_descriptor, -1)) {}

LifeLock& LifeLock::operator=(LifeLock&& other) noexcept {
    std::swap(m_descriptor, other.m_descriptor);
    return *this;
}

} // namespace llamahome::jobs
