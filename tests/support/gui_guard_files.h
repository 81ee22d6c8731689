// A FileLayer over another one that notes every call that comes from the thread it was made on, the GUI
// thread, and whatever else blocks that thread: reading, hashing, network, engine. Any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/blocking.h"
#include "core/file_layer.h"

namespace llamahome::testing {

class GuiGuardFiles final : public FileLayer {
public:
    /// Made on the GUI thread. `real` outlives it.
    explicit GuiGuardFiles(FileLayer& real = systemFiles());
    ~GuiGuardFiles() override;
    GuiGuardFiles(const GuiGuardFiles&) = delete;
    GuiGuardFiles& operator=(const GuiGuardFiles&) = delete;

    /// "rename /root/a", "read /root/b", each call that came from the GUI thread; empty is right.
    std::vector<std::string> violations() const;
    /// All calls, so that a test can show that files were touched at all.
    std::uint64_t calls() const;

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
    void note(const char* call, const std::filesystem::path& path);

    FileLayer& m_real;
    BlockingWatcher m_former;
    std::thread::id m_guiThread;
    mutable std::mutex m_mutex;
    std::vector<std::string> m_violations;
    std::uint64_t m_calls = 0;
};

} // namespace llamahome::testing
