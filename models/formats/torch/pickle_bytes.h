// Reads what follows a pickle's opcodes, never past the end; the first failure sticks. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace llamahome::formats {

/// What to do about a pickle that is no whole pickle.
inline constexpr std::string_view kPickleDamagedNext = "; get the file again";

/// After a failure every read gives zeros or an empty text. The bytes and the path outlive the reader.
class PickleBytes {
public:
    PickleBytes(std::span<const std::byte> bytes, const std::string& shownPath)
        : m_bytes(bytes)
        , m_shownPath(shownPath) {}

    /// The next opcode, whose place fail() names from now on; PT-11 at the end.
    std::uint8_t opcode();
    /// The next little-endian number; PT-10 where too few bytes are left.
    template <typename T>
    T number() {
        T value{};
        if (const auto bytes = take(sizeof value); !bytes.empty())
            std::memcpy(&value, bytes.data(), sizeof value);
        return value;
    }
    /// The next `length` bytes as a text, a view into the pickle. PT-10 above 64 KiB, PT-07 for no UTF-8.
    std::string_view text(std::size_t length);
    /// Up to the next line feed, which is taken but not part of the value.
    std::string_view line();
    /// A length of one byte, then that many bytes of a signed number; PT-10 above 8.
    std::int64_t longNumber();
    /// Eight bytes, the highest first.
    double bigEndianDouble();

    std::size_t left() const { return m_bytes.size() - m_offset; }
    bool failed() const { return m_error.has_value(); }
    const Error& error() const { return *m_error; }
    /// Ends the reading with "FILE: at byte N of its pickle WHAT NEXT", unless it has failed before.
    void fail(ErrorCode code, const std::string& what, std::string_view next = kPickleDamagedNext);

private:
    std::span<const std::byte> take(std::size_t count);

    std::span<const std::byte> m_bytes;
    const std::string& m_shownPath;
    std::size_t m_offset = 0;
    std::size_t m_opcodeAt = 0;
    std::optional<Error> m_error;
};

} // namespace llamahome::formats
