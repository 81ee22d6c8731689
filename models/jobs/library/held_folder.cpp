#include "jobs/library/held_folder.h"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "core/error_codes.h"
#include "jobs/library/leftovers.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr int kOnlyFolder = O_PATH | O_DIRECTORY | O_CLOEXEC; ///< with O_NOFOLLOW a link is none

/// By which a handle is a path; `otherwise` where there is no /proc.
fs::path pathOf(int handle, const fs::path& otherwise) {
    const fs::path path = "/proc/self/fd/" + std::to_string(handle);
    return isThere(path) ? path : otherwise;
}

Error notOpened(const fs::path& folder, int number) {
    if (number == ELOOP || number == ENOTDIR)
        return {codes::kRemoveRefused, displayPath(folder) +
                                           " is a link, or no folder; delete it yourself, what a link names "
                                           "stays"};
    const ErrorCode& code = number == ENOENT ? codes::kFileNotFound : codes::kFilePermission;
    return {code, "cannot open folder " + displayPath(folder) + ": " +
                      std::generic_category().message(number) + "; check that it is there and yours"};
}

/// The message with one path in place of another.
Error renamed(Error error, const fs::path& from, const fs::path& to) {
    const std::string before = displayPath(from);
    const std::string now = displayPath(to);
    if (before == now) return error;
    for (std::size_t at = error.message.find(before); at != std::string::npos;
         at = error.message.find(before, at + now.size()))
        error.message.replace(at, before.size(), now);
    return error;
}

} // namespace

Result<HeldFolder> HeldFolder::open(const fs::path& folder) {
    const fs::path parent = folder.parent_path();
    HeldFolder held;
    held.m_folder = folder;
    held.m_place = ::open(parent.parent_path().c_str(), kOnlyFolder);
    if (held.m_place < 0) return notOpened(parent.parent_path(), errno);
    held.m_parent = ::openat(held.m_place, parent.filename().c_str(), kOnlyFolder | O_NOFOLLOW);
    if (held.m_parent < 0) return notOpened(parent, errno);
    held.m_handle = ::openat(held.m_parent, folder.filename().c_str(), kOnlyFolder | O_NOFOLLOW);
    if (held.m_handle < 0) return notOpened(folder, errno);
    held.m_path = pathOf(held.m_handle, folder);
    return held;
}

HeldFolder::~HeldFolder() {
    for (const int handle : {m_handle, m_parent, m_place})
        if (handle >= 0) ::close(handle);
}

HeldFolder::HeldFolder(HeldFolder&& other) noexcept {
    *this = std::move(other);
}

HeldFolder& HeldFolder::operator=(HeldFolder&& other) noexcept {
    std::swap(m_folder, other.m_folder);
    std::swap(m_path, other.m_path);
    std::swap(m_handle, other.m_handle);
    std::swap(m_parent, other.m_parent);
    std::swap(m_place, other.m_place);
    return *this;
}

Error HeldFolder::named(Error error) const {
    return renamed(std::move(error), m_path, m_folder);
}

Result<void> HeldFolder::removeIfEmpty(FileLayer& files) const {
    const fs::path parent = m_folder.parent_path();
    for (const auto& [handle, folder] : {std::pair(m_parent, m_folder), std::pair(m_place, parent)}) {
        const fs::path above = pathOf(handle, folder.parent_path());
        if (auto removed = jobs::removeIfEmpty(above / folder.filename(), files); !removed)
            return renamed(removed.error(), above, folder.parent_path());
    }
    return {};
}

} // namespace llamahome::jobs
