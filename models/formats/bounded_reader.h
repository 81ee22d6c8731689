// Reads a file's head from front to back and never past its bounds; the first failure sticks. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "core/result.h"
#include "formats/input_file.h"

namespace llamahome::formats {

/// After a failure every read gives zeros and failed() is true, so a parser looks at it where it must: before
/// it uses a number to allocate or to count. `file` outlives the reader.
class BoundedReader {
public:
    /// Reads at most the first `limit` bytes; going further fails with `cutCode`.
    BoundedReader(const InputFile& file, std::uint64_t limit, ErrorCode cutCode);

    std::uint64_t offset() const { return m_offset; }
    /// Bytes that may still be read. A length or count from the file is checked against it before it is used.
    std::uint64_t remaining() const { return m_end - m_offset; }

    /// The next little-endian number.
    template <typename T>
    T number() {
        static_assert(std::is_arithmetic_v<T>);
        T value{};
        read(std::as_writable_bytes(std::span(&value, 1)));
        return value;
    }
    /// The next `length` bytes.
    std::string text(std::uint64_t length);

    bool failed() const { return m_error.has_value(); }
    const Error& error() const { return *m_error; }
    /// Ends the reading with "FILE: text; get the file again", unless it has failed before.
    void fail(ErrorCode code, const std::string& text);

private:
    void read(std::span<std::byte> out);
    bool refill();

    const InputFile& m_file;
    ErrorCode m_cutCode;
    std::uint64_t m_offset = 0;
    std::uint64_t m_end = 0;
    std::vector<std::byte> m_window;
    std::uint64_t m_windowStart = 0;
    std::optional<Error> m_error;
};

} // namespace llamahome::formats
