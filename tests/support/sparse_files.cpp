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
    return sparse(ForwardingFiles::createNew(path), path);
}

Result<std::unique_ptr<WritableFile>> SparseFiles::openAppend(const fs::path& path) {
    return sparse(ForwardingFiles::openAppend(path), path);
}

} // namespace llamahome::testing
