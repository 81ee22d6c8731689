// A FileLayer that hands every call on: a base for those that change one or two. Threads as of the real one.
#pragma once

#include "core/file_layer.h"

namespace llamahome::testing {

class ForwardingFiles : public FileLayer {
public:
    /// `real` outlives it.
    explicit ForwardingFiles(FileLayer& real = systemFiles())
        : m_real(real) {}

    Result<std::unique_ptr<WritableFile>> createNew(const std::filesystem::path& path) override {
        return m_real.createNew(path);
    }
    Result<std::unique_ptr<WritableFile>> openAppend(const std::filesystem::path& path) override {
        return m_real.openAppend(path);
    }
    Result<void> truncate(const std::filesystem::path& path, std::uint64_t sizeBytes) override {
        return m_real.truncate(path, sizeBytes);
    }
    Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
        return m_real.rename(from, to);
    }
    Result<bool> exchange(const std::filesystem::path& one, const std::filesystem::path& other) override {
        return m_real.exchange(one, other);
    }
    Result<void> remove(const std::filesystem::path& path) override { return m_real.remove(path); }
    Result<void> makeDirectory(const std::filesystem::path& path) override {
        return m_real.makeDirectory(path);
    }
    Result<void> makeDirectories(const std::filesystem::path& path) override {
        return m_real.makeDirectories(path);
    }
    Result<void> syncDirectory(const std::filesystem::path& path) override {
        return m_real.syncDirectory(path);
    }
    Result<void> symlink(const std::filesystem::path& target, const std::filesystem::path& link) override {
        return m_real.symlink(target, link);
    }

private:
    FileLayer& m_real;
};

} // namespace llamahome::testing
