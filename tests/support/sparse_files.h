// The operating system's files, but what is written only makes them longer: files of any size on any disk.
// Any thread.
#pragma once

#include "core/file_layer.h"

namespace llamahome::testing {

class SparseFiles final : public FileLayer {
public:
    Result<std::unique_ptr<WritableFile>> createNew(const std::filesystem::path& path) override;
    Result<std::unique_ptr<WritableFile>> openAppend(const std::filesystem::path& path) override;
    Result<void> truncate(const std::filesystem::path& path, std::uint64_t sizeBytes) override;
    Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
    Result<bool> exchange(const std::filesystem::path& one, const std::filesystem::path& other) override;
    Result<void> remove(const std::filesystem::path& path) override;
    Result<void> makeDirectory(const std::filesystem::path& path) override;
    Result<void> makeDirectories(const std::filesystem::path& path) override;
    Result<void> syncDirectory(const std::filesystem::path& path) override;
    Result<void> symlink(const std::filesystem::path& target, const std::filesystem::path& link) override;
};

} // namespace llamahome::testing
