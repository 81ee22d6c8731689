#include "support/sparse_files.h"

namespace llamahome::testing {
namespace fs = std::filesystem;
namespace {

/// Small pieces, as records are written in, are kept.
constexpr std::size_t kKeptBytes = 4096;

class SparseFile final : public WritableFile {
public:
    SparseFile(std::unique_ptr<WritableFile> real, fs::path path)
        : m_real(std::move(real))
        , m_path(std::move(path)) {}

    Result<void> write(std::span<const std::byte> bytes) override {
        if (bytes.size() <= kKeptBytes) return m_real->write(bytes);
        const auto size = fileSize(m_path);
        if (!size) return size.error();
        return systemFiles().truncate(m_path, *size + bytes.size());
    }
    Result<void> sync() override { return m_real->sync(); }
    Result<void> reserve(std::uint64_t) override { return {}; }
    Result<void> close() override { return m_real->close(); }

private:
    std::unique_ptr<WritableFile> m_real;
    fs::path m_path;
};

Result<std::unique_ptr<WritableFile>> sparse(Result<std::unique_ptr<WritableFile>> real,
                                             const fs::path& path) {
    if (!real) return real.error();
    return std::unique_ptr<WritableFile>(std::make_unique<SparseFile>(std::move(*real), path));
}

} // namespace

Result<std::unique_ptr<WritableFile>> SparseFiles::createNew(const fs::path& path) {
    return sparse(systemFiles().createNew(path), path);
}

Result<std::unique_ptr<WritableFile>> SparseFiles::openAppend(const fs::path& path) {
    return sparse(systemFiles().openAppend(path), path);
}

Result<void> SparseFiles::truncate(const fs::path& path, std::uint64_t sizeBytes) {
    return systemFiles().truncate(path, sizeBytes);
}

Result<void> SparseFiles::rename(const fs::path& from, const fs::path& to) {
    return systemFiles().rename(from, to);
}

Result<bool> SparseFiles::exchange(const fs::path& one, const fs::path& other) {
    return systemFiles().exchange(one, other);
}

Result<void> SparseFiles::remove(const fs::path& path) {
    return systemFiles().remove(path);
}

Result<void> SparseFiles::makeDirectory(const fs::path& path) {
    return systemFiles().makeDirectory(path);
}

Result<void> SparseFiles::makeDirectories(const fs::path& path) {
    return systemFiles().makeDirectories(path);
}

Result<void> SparseFiles::syncDirectory(const fs::path& path) {
    return systemFiles().syncDirectory(path);
}

Result<void> SparseFiles::symlink(const fs::path& target, const fs::path& link) {
    return systemFiles().symlink(target, link);
}

} // namespace llamahome::testing
