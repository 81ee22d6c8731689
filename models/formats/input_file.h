// A regular file open for positioned reads, with an optional read-only map. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "core/result.h"

namespace llamahome::formats {

class InputFile {
public:
    /// Opens for reading. FILE-01 absent, FILE-02 no permission, FILE-08 folder, device or pipe (never
    /// opened).
    static Result<std::unique_ptr<InputFile>> open(const std::filesystem::path& path);
    ~InputFile();
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;

    /// Size in bytes when it was opened; every check is made against this number.
    std::uint64_t size() const { return m_size; }
    const std::filesystem::path& path() const { return m_path; }
    /// The path as messages show it.
    const std::string& shownPath() const { return m_shownPath; }

    /// Fills `out` from `offset`. ST-40 when the file has become shorter, FILE-04 for an input/output error.
    Result<void> readAt(std::uint64_t offset, std::span<std::byte> out) const;

    /// The whole file mapped read-only. Empty where it cannot be: an empty file, or a file system of another
    /// machine or of a helper process, whose failure would end this process instead of being an error.
    std::span<const std::byte> map();
    /// False when length, time of change or identity differ from those at opening.
    bool isUnchanged() const;

private:
    struct Stamp {
        std::uint64_t size = 0;
        std::int64_t seconds = 0;
        std::int64_t nanoseconds = 0;
        friend bool operator==(const Stamp&, const Stamp&) = default;
    };
    InputFile(int descriptor, std::filesystem::path path);
    static Stamp stampOf(int descriptor);

    int m_descriptor;
    std::filesystem::path m_path;
    std::string m_shownPath;
    Stamp m_stamp;
    std::uint64_t m_size = 0;
    void* m_map = nullptr;
};

} // namespace llamahome::formats
