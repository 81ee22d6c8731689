#include "text/data/line_reader.h"

#include <algorithm>
#include <span>

#include "core/error_codes.h"
#include "text/text_limits.h"

namespace llamahome::text {
namespace {

constexpr std::size_t kBlockBytes = 1U << 20;

} // namespace

Result<void> refuseChanged(const formats::InputFile& file) {
    if (file.isUnchanged()) return {};
    return Error{codes::kDataChanged, file.shownPath() +
                                          ": the file was changed while it was read; start again "
                                          "when nothing writes to it"};
}

Result<bool> LineReader::refill() {
    const std::uint64_t left = m_file->size() - m_offset;
    m_buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(left, kBlockBytes)));
    m_at = 0;
    if (m_buffer.empty()) return false;
    if (auto read = m_file->readAt(m_offset, std::as_writable_bytes(std::span(m_buffer))); !read) {
        if (auto same = refuseChanged(*m_file); !same) return same.error();
        return read.error();
    }
    m_offset += m_buffer.size();
    return true;
}

Result<std::optional<TextLine>> LineReader::next() {
    TextLine line;
    bool isAny = false;
    while (!line.hasLineEnd) {
        if (m_at == m_buffer.size()) {
            const auto more = refill();
            if (!more) return more.error();
            if (!*more) break;
        }
        isAny = true;
        const std::size_t end = std::min(m_buffer.find('\n', m_at), m_buffer.size());
        line.hasLineEnd = end < m_buffer.size();
        line.isTooLong = line.isTooLong || line.text.size() + (end - m_at) > kMaxRowBytes;
        if (line.isTooLong)
            std::string().swap(line.text);
        else
            line.text.append(m_buffer, m_at, end - m_at);
        m_at = end + (line.hasLineEnd ? 1 : 0);
    }
    if (!isAny) {
        if (auto same = refuseChanged(*m_file); !same) return same.error();
        return std::optional<TextLine>();
    }
    line.number = ++m_lines;
    if (line.text.ends_with('\r')) line.text.pop_back();
    if (line.number == 1 && line.text.starts_with("\xEF\xBB\xBF")) line.text.erase(0, 3);
    return std::optional(std::move(line));
}

} // namespace llamahome::text
