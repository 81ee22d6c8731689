// A FileLayer over the real one that counts calls, fails the k-th, or kills the process there. Any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/file_layer.h"

namespace llamahome::testing {

enum class Fault {
    None,
    DiskFull, ///< the k-th call fails with FILE-03
    IoError,  ///< the k-th call fails with FILE-05
    Short,    ///< the k-th call, if a write, writes half of its bytes and fails with FILE-03
    Kill,     ///< SIGKILL to the own process before the k-th call: for use in a forked child
};

class FaultFileLayer final : public FileLayer {
public:
    /// Calls are counted from 1. `failAt` 0: only count.
    explicit FaultFileLayer(std::uint64_t failAt = 0, Fault fault = Fault::None)
        : m_failAt(failAt)
        , m_fault(fault) {}

    /// As a file system on which names cannot be exchanged.
    void forgetExchange() { m_canExchange = false; }

    std::uint64_t calls() const { return m_calls; }

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

private:
    class File;
    /// Counts one call; says whether this is the one that fails.
    bool isDue();
    Error faultError(const std::filesystem::path& path) const;

    std::uint64_t m_failAt;
    Fault m_fault;
    std::atomic<std::uint64_t> m_calls = 0;
    bool m_canExchange = true;
};

} // namespace llamahome::testing
