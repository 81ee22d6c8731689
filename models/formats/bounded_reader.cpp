#include "formats/bounded_reader.h"

#include <algorithm>
#include <cstring>

namespace llamahome::formats {
namespace {

constexpr std::uint64_t kWindowBytes = 64U << 10;

} // namespace

BoundedReader::BoundedReader(const InputFile& file, std::uint64_t limit, ErrorCode cutCode)
    : m_file(file)
    , m_cutCode(cutCode)
    , m_end(std::min(file.size(), limit)) {}

void BoundedReader::fail(ErrorCode code, const std::string& text) {
    if (!m_error) m_error = Error{code, m_file.shownPath() + ": " + text + "; get the file again"};
}

bool BoundedReader::refill() {
    m_windowStart = m_offset;
    m_window.resize(static_cast<std::size_t>(std::min(kWindowBytes, remaining())));
    if (auto filled = m_file.readAt(m_offset, m_window); !filled) {
        m_error = filled.error();
        return false;
    }
    return true;
}

void BoundedReader::read(std::span<std::byte> out) {
    if (!failed() && out.size() > remaining())
        fail(m_cutCode, "the head needs " + std::to_string(out.size()) + " bytes at byte " +
                            std::to_string(m_offset) + ", found " + std::to_string(remaining()) +
                            ": file cut short");
    while (!failed() && !out.empty()) {
        const std::uint64_t inWindow = m_windowStart + m_window.size() - m_offset;
        if (inWindow == 0) {
            if (!refill()) return;
            continue;
        }
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(inWindow, out.size()));
        std::memcpy(out.data(), m_window.data() + (m_offset - m_windowStart), count);
        m_offset += count;
        out = out.subspan(count);
    }
}

std::string BoundedReader::text(std::uint64_t length) {
    if (length > remaining())
        fail(m_cutCode, "a text of " + std::to_string(length) + " bytes at byte " + std::to_string(m_offset) +
                            " goes beyond the end, found " + std::to_string(remaining()));
    if (failed()) return {};
    std::string value(static_cast<std::size_t>(length), '\0');
    read(std::as_writable_bytes(std::span(value)));
    return failed() ? std::string() : value;
}

} // namespace llamahome::formats
