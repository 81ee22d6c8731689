// ProtobufReader: the fields of one protobuf message, front to back, never past its bytes. One thread.
//
// Knows no schema and calls nothing: a message within is bytes that another reader is made for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/result.h"

namespace llamahome::formats {

struct ProtobufField {
    std::uint64_t number = 0;
    bool isBytes = false;
    std::uint64_t value = 0; ///< of a varint, fixed32 or fixed64; its bits
    std::string_view bytes;  ///< of a text, bytes or message
    std::size_t offset = 0;  ///< in the file, of `bytes`
};

class ProtobufReader {
public:
    /// `offset`: where `bytes` stand in the file called `what`, for messages. Both texts outlive the reader.
    ProtobufReader(std::string_view bytes, std::size_t offset, std::string_view what)
        : m_bytes(bytes)
        , m_offset(offset)
        , m_what(what) {}

    /// The next field, or nothing at the end. TK-01 naming the byte: cut short, a length beyond the message,
    /// a number of more than 10 bytes, groups and kinds of field that do not exist.
    Result<std::optional<ProtobufField>> next();

private:
    std::optional<std::uint64_t> varint();
    std::optional<std::uint64_t> fixed(std::size_t width);
    Error damaged(const char* found) const;

    std::string_view m_bytes;
    std::size_t m_offset;
    std::string_view m_what;
    std::size_t m_at = 0;
};

} // namespace llamahome::formats
