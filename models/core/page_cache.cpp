#include "core/page_cache.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error_codes.h"
#include "core/file_layer.h"

namespace llamahome {
namespace {

constexpr std::size_t kFewPages = 64; ///< one page of so many is few

/// An open file with its size; closes when it goes.
struct OpenFile {
    explicit OpenFile(const std::filesystem::path& path)
        : descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~OpenFile() {
        if (descriptor >= 0) ::close(descriptor);
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;

    int descriptor;
};

Error cannotRead(const std::filesystem::path& file, int number) {
    const ErrorCode code = number == EACCES || number == EPERM ? codes::kFilePermission : codes::kFileRead;
    return Error{code, "cannot read " + displayPath(file) + ": " + std::generic_category().message(number)};
}

/// Whether more than a few of the file's pages are in memory. Looking maps the file and touches none of it.
Result<bool> isCached(const OpenFile& file, std::size_t bytes, const std::filesystem::path& path) {
    void* map = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file.descriptor, 0);
    if (map == MAP_FAILED) return cannotRead(path, errno);
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    std::vector<unsigned char> resident((bytes + page - 1) / page);
    const int failed = ::mincore(map, bytes, resident.data()) != 0 ? errno : 0;
    ::munmap(map, bytes);
    if (failed != 0) return cannotRead(path, failed);
    const auto cached = std::count_if(resident.begin(), resident.end(),
                                      [](unsigned char flags) { return (flags & 1U) != 0; });
    return static_cast<std::size_t>(cached) * kFewPages > resident.size();
}

} // namespace

Result<bool> dropFromPageCache(const std::filesystem::path& path) {
    const auto size = fileSize(path); // names what is missing or no regular file
    if (!size) return size.error();
    if (*size == 0) return true;
    const OpenFile file(path);
    if (file.descriptor < 0) return cannotRead(path, errno);
    // Only what the disk has already can be forgotten.
    if (::fdatasync(file.descriptor) != 0 && errno != EINVAL && errno != EROFS)
        return cannotRead(path, errno);
    if (const int failed = ::posix_fadvise(file.descriptor, 0, 0, POSIX_FADV_DONTNEED); failed != 0)
        return failed == EINVAL || failed == ENOSYS ? Result<bool>(false) : cannotRead(path, failed);
    const auto cached = isCached(file, static_cast<std::size_t>(*size), path);
    if (!cached) return cached.error();
    return !*cached;
}

} // namespace llamahome
