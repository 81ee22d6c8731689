// A FileLayer over the real one that loses power at the k-th call: from there on every call fails, and
// settle() leaves on the disk what might be found after it. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "core/file_layer.h"

namespace llamahome::testing {

/// What becomes of bytes that were written and not flushed.
enum class Unflushed {
    Dropped,
    Torn,   ///< some blocks of 4 KiB of the beginning are there
    Zeroed, ///< the file has its length, and zeros
    Kept,
};

class PowerLossFiles final : public FileLayer {
public:
    /// What lies in `root` now is on the disk. `lossAt` 0: only count.
    PowerLossFiles(std::filesystem::path root, std::uint64_t lossAt);

    std::uint64_t calls() const { return m_calls; }
    /// Makes `root` what is found after the loss. `areNamesKept`: new, changed and removed names, of files
    /// and of folders, are those that the program last saw, else those of the last flush of their folder. A
    /// new folder counts as flushed.
    void settle(Unflushed unflushed, bool areNamesKept) const;

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
    struct Folder;
    /// What a name stands for: a file's bytes, or a folder.
    struct Node {
        std::string seen;   ///< by the program
        std::string onDisk; ///< as of the last flush
        std::shared_ptr<Folder> folder;
    };
    using Names = std::map<std::string, std::shared_ptr<Node>>;
    struct Folder {
        Names seen;
        Names onDisk; ///< as of its last flush
    };

    /// Counts one call; says whether power is gone.
    bool isGone();
    static Error lost(const std::filesystem::path& path);
    /// The names of the folder in which `path` lies, as the program sees them.
    Folder& folderOf(const std::filesystem::path& path);
    static std::shared_ptr<Node> read(const std::filesystem::path& path);
    void addFolders(const std::filesystem::path& path);
    static void write(const std::filesystem::path& path, const Folder& folder, Unflushed unflushed,
                      bool areNamesKept);
    Result<std::unique_ptr<WritableFile>> opened(Result<std::unique_ptr<WritableFile>> real,
                                                 const std::filesystem::path& path);

    std::filesystem::path m_root;
    std::uint64_t m_lossAt;
    std::uint64_t m_calls = 0;
    std::shared_ptr<Node> m_top;
};

} // namespace llamahome::testing
