#include "formats/tokenizer/protobuf_reader.h"

#include <string>

#include "core/error_codes.h"

namespace llamahome::formats {

Error ProtobufReader::damaged(const char* found) const {
    return Error{codes::kTokenizerShape, std::string(m_what) + ": at byte " +
                                             std::to_string(m_offset + m_at) + " found " + found +
                                             "; get the model again"};
}

std::optional<std::uint64_t> ProtobufReader::varint() {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < 10 && m_at < m_bytes.size(); ++i) {
        const auto byte = static_cast<unsigned char>(m_bytes[m_at++]);
        value |= std::uint64_t{byte & 0x7FU} << (7 * i);
        if (byte < 0x80) return value;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> ProtobufReader::fixed(std::size_t width) {
    if (m_bytes.size() - m_at < width) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i)
        value |= std::uint64_t{static_cast<unsigned char>(m_bytes[m_at++])} << (8 * i);
    return value;
}

Result<std::optional<ProtobufField>> ProtobufReader::next() {
    if (m_at == m_bytes.size()) return std::optional<ProtobufField>();
    const auto tag = varint();
    if (!tag || *tag >> 3 == 0) return damaged("no field of a protobuf message");
    ProtobufField field;
    field.number = *tag >> 3;
    std::optional<std::uint64_t> value;
    switch (*tag & 7) {
    case 0:
        value = varint();
        break;
    case 1:
        value = fixed(8);
        break;
    case 5:
        value = fixed(4);
        break;
    case 2:
        value = varint();
        if (!value || *value > m_bytes.size() - m_at) return damaged("a length beyond the end");
        field.isBytes = true;
        field.offset = m_offset + m_at;
        field.bytes = m_bytes.substr(m_at, *value);
        m_at += *value;
        return std::optional(field);
    default:
        return damaged("a kind of field that is not read");
    }
    if (!value) return damaged("a number without an end");
    field.value = *value;
    return std::optional(field);
}

} // namespace llamahome::formats
