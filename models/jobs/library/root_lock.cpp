#include "jobs/library/root_lock.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/error_codes.h"
#include "core/log.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLockName = ".lock";

/// The digits at the start of the lock file; "another process" where there are none.
std::string holder(int descriptor) {
    std::array<char, 32> text{};
    const ssize_t count = ::pread(descriptor, text.data(), text.size(), 0);
    long number = 0;
    const char* const end = text.data() + (count > 0 ? count : 0);
    const auto read = std::from_chars(text.data(), end, number);
    return read.ec == std::errc() && number > 0 ? "process " + std::to_string(number) : "another process";
}

/// Written through the descriptor that carries the lock, so not by the file layer; it only informs.
void writeHolder(int descriptor) {
    const std::string text = std::to_string(::getpid()) + "\n";
    const bool isWritten =
        ::ftruncate(descriptor, 0) == 0 &&
        ::pwrite(descriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
    if (!isWritten) logLine(LogLevel::Warning, "jobs", "the lock file does not take the process's number");
}

} // namespace

Result<RootLock> RootLock::acquire(const DataRoot& root, FileLayer& files) {
    if (auto made = files.makeDirectories(root.path); !made) return made.error().within("the data folder");
    const fs::path path = root.path / kLockName;
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor < 0) {
        const std::string reason = std::generic_category().message(errno);
        return Error{codes::kFilePermission,
                     "cannot open " + displayPath(path) + ": " + reason +
                         "; choose a folder you may write to",
                     reason};
    }
    RootLock lock(root, descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
        writeHolder(descriptor);
        return lock;
    }
    if (errno == EWOULDBLOCK)
        return Error{codes::kRootLocked, displayPath(root.path) + " is in use by " + holder(descriptor) +
                                             "; wait until it is done, or close it"};
    logLine(LogLevel::Warning, "jobs",
            displayPath(root.path) + " lies on a file system without locks: use it from one program only");
    return lock;
}

RootLock::RootLock(DataRoot root, int descriptor)
    : m_root(std::move(root))
    , m_descriptor(descriptor) {}

RootLock::~RootLock() {
    if (m_descriptor >= 0) ::close(m_descriptor);
}

RootLock::RootLock(RootLock&& other) noexcept
    : m_root(std::move(other.m_root))
    , m_descriptor(std::exchange(other.m_descriptor, -1))
    , m_removing(std::move(other.m_removing)) {}

RootLock& RootLock::operator=(RootLock&& other) noexcept {
    std::swap(m_root, other.m_root);
    std::swap(m_descriptor, other.m_descriptor);
    std::swap(m_removing, other.m_removing);
    return *this;
}

} // namespace llamahome::jobs
