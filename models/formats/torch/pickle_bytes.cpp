#include "formats/torch/pickle_bytes.h"

#include <algorithm>
#include <array>
#include <bit>

#include "core/error_codes.h"
#include "core/utf8.h"

namespace llamahome::formats {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are used as they are in the file");

constexpr std::size_t kMaxTextBytes = 64U << 10;

} // namespace

void PickleBytes::fail(ErrorCode code, const std::string& what, std::string_view next) {
    if (m_error) return;
    m_error = Error{code, m_shownPath + ": at byte " + std::to_string(m_opcodeAt) + " of its pickle " + what +
                              std::string(next)};
}

std::span<const std::byte> PickleBytes::take(std::size_t count) {
    if (m_error) return {};
    if (count > left()) {
        fail(codes::kPickleLength, "found a value of " + std::to_string(count) +
                                       " bytes, expected at most the " + std::to_string(left()) +
                                       " that are left");
        return {};
    }
    const auto taken = m_bytes.subspan(m_offset, count);
    m_offset += count;
    return taken;
}

std::uint8_t PickleBytes::opcode() {
    m_opcodeAt = m_offset;
    if (left() == 0) fail(codes::kPickleEnd, "found no end");
    return number<std::uint8_t>();
}

std::string_view PickleBytes::text(std::size_t length) {
    if (length > kMaxTextBytes) {
        fail(codes::kPickleLength, "found a text of " + std::to_string(length) + " bytes, expected at most " +
                                       std::to_string(kMaxTextBytes));
        return {};
    }
    const auto bytes = take(length);
    const std::string_view value(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (!isUtf8(value)) fail(codes::kPickleDamaged, "found a text that is no UTF-8");
    return value;
}

std::string_view PickleBytes::line() {
    if (m_error) return {};
    const auto* const start = reinterpret_cast<const char*>(m_bytes.data()) + m_offset;
    const std::string_view room(start, std::min(left(), kMaxTextBytes));
    const std::size_t length = room.find('\n');
    if (length == std::string_view::npos) {
        fail(codes::kPickleLength, "found a name without an end");
        return {};
    }
    m_offset += length + 1;
    return room.substr(0, length);
}

std::int64_t PickleBytes::longNumber() {
    const auto length = number<std::uint8_t>();
    if (length > sizeof(std::int64_t)) {
        fail(codes::kPickleLength,
             "found a whole number of " + std::to_string(length) + " bytes, expected at most 8");
        return 0;
    }
    const auto bytes = take(length);
    if (bytes.empty()) return 0;
    std::int64_t value = (bytes.back() & std::byte{0x80}) != std::byte{} ? -1 : 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
}

double PickleBytes::bigEndianDouble() {
    auto bytes = number<std::array<std::byte, sizeof(double)>>();
    std::reverse(bytes.begin(), bytes.end());
    return std::bit_cast<double>(bytes);
}

} // namespace llamahome::formats
