#include "core/file_layer.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/blocking.h"
#include "core/error_codes.h"

namespace llamahome {
namespace fs = std::filesystem;
namespace {

/// After so many bytes the disk begins to write.
constexpr std::uint64_t kBeginBytes = 8U << 20;

Error systemError(int number, const std::string& action, const fs::path& path) {
    const std::string reason = std::generic_category().message(number);
    const std::string what = "cannot " + action + " " + displayPath(path) + ": " + reason;
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return Error{codes::kFileNotFound, what + "; check the path", reason};
    case EACCES:
    case EPERM:
    case EROFS:
        return Error{codes::kFilePermission, what + "; choose a folder you may write to", reason};
    case ENOSPC:
    case EDQUOT:
        return Error{codes::kDiskFull, what + "; free some space and try again", reason};
    case EEXIST:
    case ENOTEMPTY:
        return Error{codes::kFileExists, what, reason};
    default:
        return Error{codes::kFileWrite, what, reason};
    }
}

class PosixWritableFile final : public WritableFile {
public:
    PosixWritableFile(int descriptor, fs::path path)
        : m_descriptor(descriptor)
        , m_path(std::move(path)) {}
    ~PosixWritableFile() override {
        if (m_descriptor >= 0) ::close(m_descriptor);
    }
    PosixWritableFile(const PosixWritableFile&) = delete;
    PosixWritableFile& operator=(const PosixWritableFile&) = delete;

    Result<void> write(std::span<const std::byte> bytes) override {
        while (!bytes.empty()) {
            const ssize_t written = ::write(m_descriptor, bytes.data(), bytes.size());
            if (written < 0) {
                if (errno == EINTR) continue;
                return systemError(errno, "write", m_path);
            }
            bytes = bytes.subspan(static_cast<std::size_t>(written));
            m_unbegun += static_cast<std::uint64_t>(written);
        }
        if (m_unbegun >= kBeginBytes) beginWriting();
        return {};
    }
    Result<void> sync() override {
        if (::fsync(m_descriptor) != 0) return systemError(errno, "flush", m_path);
        return {};
    }
    Result<void> reserve(std::uint64_t sizeBytes) override {
#if defined(FALLOC_FL_KEEP_SIZE)
        int failed = 0;
        do {
            failed = ::fallocate(m_descriptor, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(sizeBytes)) != 0
                         ? errno
                         : 0;
        } while (failed == EINTR);
        if (failed == ENOSPC || failed == EDQUOT || failed == EFBIG)
            return systemError(failed, "set room aside for", m_path);
#endif
        return {};
    }
    Result<void> close() override {
        const int descriptor = std::exchange(m_descriptor, -1);
        if (descriptor >= 0 && ::close(descriptor) != 0) return systemError(errno, "close", m_path);
        return {};
    }

private:
    /// Has the disk begin with what was written, while more comes: sync() then waits for little. Waits for
    /// nothing itself; what fails is told by sync().
    void beginWriting() {
        m_unbegun = 0;
#if defined(SYNC_FILE_RANGE_WRITE)
        (void)::sync_file_range(m_descriptor, 0, 0, SYNC_FILE_RANGE_WRITE);
#endif
    }

    int m_descriptor;
    fs::path m_path;
    std::uint64_t m_unbegun = 0; ///< written since the disk was last told to begin
};

class PosixFileLayer final : public FileLayer {
public:
    Result<std::unique_ptr<WritableFile>> createNew(const fs::path& path) override {
        return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, "create");
    }
    Result<std::unique_ptr<WritableFile>> openAppend(const fs::path& path) override {
        return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, "open");
    }
    Result<void> truncate(const fs::path& path, std::uint64_t sizeBytes) override {
        if (::truncate(path.c_str(), static_cast<off_t>(sizeBytes)) != 0)
            return systemError(errno, "shorten", path);
        return {};
    }
    Result<void> rename(const fs::path& from, const fs::path& to) override {
        if (::rename(from.c_str(), to.c_str()) != 0) return systemError(errno, "rename to", to);
        return {};
    }
    Result<bool> exchange(const fs::path& one, const fs::path& other) override {
#if defined(RENAME_EXCHANGE)
        if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0) return true;
        if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
            return systemError(errno, "exchange with", other);
#endif
        return false;
    }
    Result<void> remove(const fs::path& path) override {
        if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
        if ((errno == EISDIR || errno == EPERM) && ::rmdir(path.c_str()) == 0) return {};
        return systemError(errno, "remove", path);
    }
    Result<void> makeDirectory(const fs::path& path) override {
        if (::mkdir(path.c_str(), 0777) != 0) return systemError(errno, "create folder", path);
        return {};
    }
    Result<void> makeDirectories(const fs::path& path) override {
        std::error_code failure;
        fs::create_directories(path, failure);
        if (failure) return systemError(failure.value(), "create folder", path);
        return {};
    }
    Result<void> syncDirectory(const fs::path& path) override {
        const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (descriptor < 0) return systemError(errno, "open folder", path);
        const int failed = ::fsync(descriptor) != 0 ? errno : 0;
        ::close(descriptor);
        if (failed != 0 && failed != EINVAL) return systemError(failed, "flush folder", path);
        return {};
    }
    Result<void> symlink(const fs::path& target, const fs::path& link) override {
        if (::symlink(target.c_str(), link.c_str()) != 0) return systemError(errno, "link", link);
        return {};
    }

private:
    static Result<std::unique_ptr<WritableFile>> open(const fs::path& path, int flags, const char* action) {
        const int descriptor = ::open(path.c_str(), flags, 0666);
        if (descriptor < 0) return systemError(errno, action, path);
        return std::unique_ptr<WritableFile>(std::make_unique<PosixWritableFile>(descriptor, path));
    }
};

Result<struct stat> statRegular(const fs::path& path) {
    blockingCall("read", path.native());
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return systemError(errno, "read", path);
    if (S_ISDIR(status.st_mode))
        return Error{codes::kNotAFile, displayPath(path) + ": found a folder, expected a file"};
    if (!S_ISREG(status.st_mode))
        return Error{codes::kNotAFile,
                     displayPath(path) + ": found a device or pipe, expected a regular file"};
    return status;
}

} // namespace

FileLayer& systemFiles() {
    static PosixFileLayer layer;
    return layer;
}

Result<void> writeFileAtomically(FileLayer& files, const fs::path& path, std::string_view bytes) {
    fs::path temporary = path;
    temporary += ".tmp-" + std::to_string(::getpid());
    if (auto removed = files.remove(temporary); !removed) return removed;
    auto file = files.createNew(temporary);
    if (!file) return file.error();
    auto finish = [&]() -> Result<void> {
        if (auto done = (*file)->write(std::as_bytes(std::span(bytes))); !done) return done;
        if (auto done = (*file)->sync(); !done) return done;
        if (auto done = (*file)->close(); !done) return done;
        return files.rename(temporary, path);
    };
    if (auto finished = finish(); !finished) {
        (void)files.remove(temporary);
        return finished;
    }
    return files.syncDirectory(path.parent_path().empty() ? fs::path(".") : path.parent_path());
}

Result<void> removeTree(FileLayer& files, const fs::path& path) {
    std::error_code failure;
    const fs::file_status status = fs::symlink_status(path, failure);
    if (status.type() == fs::file_type::not_found) return {};
    if (status.type() == fs::file_type::directory) {
        std::vector<fs::path> children;
        for (fs::directory_iterator entry(path, failure), end; !failure && entry != end;
             entry.increment(failure))
            children.push_back(entry->path());
        if (failure) return systemError(failure.value(), "read folder", path);
        for (const auto& child : children)
            if (auto removed = removeTree(files, child); !removed) return removed;
    }
    return files.remove(path);
}

bool isThere(const fs::path& path) {
    std::error_code failure;
    return fs::exists(fs::symlink_status(path, failure));
}

Result<std::string> readFile(const fs::path& path, std::uint64_t maxBytes) {
    const auto status = statRegular(path);
    if (!status) return status.error();
    if (static_cast<std::uint64_t>(status->st_size) > maxBytes)
        return Error{codes::kFileTooLarge, displayPath(path) + ": found " + std::to_string(status->st_size) +
                                               " bytes, expected at most " + std::to_string(maxBytes)};
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return systemError(errno, "read", path);
    std::string bytes(static_cast<std::size_t>(status->st_size), '\0');
    std::size_t filled = 0;
    int failed = 0;
    while (filled < bytes.size()) {
        const ssize_t count = ::read(descriptor, bytes.data() + filled, bytes.size() - filled);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) failed = errno;
        if (count <= 0) break;
        filled += static_cast<std::size_t>(count);
    }
    ::close(descriptor);
    if (failed != 0)
        return Error{codes::kFileRead,
                     "cannot read " + displayPath(path) + ": " + std::generic_category().message(failed)};
    bytes.resize(filled);
    return bytes;
}

Result<std::uint64_t> fileSize(const fs::path& path) {
    const auto status = statRegular(path);
    if (!status) return status.error();
    return static_cast<std::uint64_t>(status->st_size);
}

Result<std::uint64_t> freeDiskBytes(const fs::path& path) {
    blockingCall("measure", path.native());
    std::error_code failure;
    fs::path probe = fs::absolute(path, failure);
    while (!probe.empty() && !fs::exists(probe, failure) && probe != probe.parent_path())
        probe = probe.parent_path();
    const fs::space_info space = fs::space(probe, failure);
    if (failure) return systemError(failure.value(), "measure free space of", probe);
    return static_cast<std::uint64_t>(space.available);
}

std::string displayPath(const fs::path& path) {
    const auto text = path.u8string();
    return std::string(text.begin(), text.end());
}

} // namespace llamahome
