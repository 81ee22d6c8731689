// LifeLock: a sign on a file that its holder still works, which the system takes away when the holder ends,
// however that ends. Any thread.
#pragma once

#include <filesystem>
#include <optional>

namespace llamahome::jobs {

/// A shared operating system lock of one open file: it tells, it excludes nobody. Another holder in the same
/// process is one of its own.
class LifeLock {
public:
    /// Holds nothing.
    LifeLock() = default;
    /// The lock of a file that exists; one that holds nothing where the file system knows no such locks.
    static LifeLock take(const std::filesystem::path& file);
    /// Whether anybody holds the lock of that file; nothing where that cannot be told.
    static std::optional<bool> isTaken(const std::filesystem::path& file);

    ~LifeLock();
    LifeLock(LifeLock&& other) noexcept;
    LifeLock& operator=(LifeLock&& other) noexcept;
    LifeLock(const LifeLock&) = delete;
    LifeLock& operator=(const LifeLock&) = delete;

    bool isHeld() const { return m_descriptor >= 0; }

private:
    explicit LifeLock(int descriptor)
        : m_descriptor(descriptor) {}

    int m_descriptor = -1;
};

} // namespace llamahome::jobs
