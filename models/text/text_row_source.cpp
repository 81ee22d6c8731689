#include "text/text_row_source.h"

#include "core/error_codes.h"
#include "text/text_limits.h"

namespace llamahome::text {

Result<std::optional<RawRow>> TextSource::next() {
    std::string block;
    std::size_t begin = 0;
    while (block.size() < kTextBlockBytes) {
        auto line = m_lines.next();
        if (!line) return line.error();
        if (!*line) break;
        const TextLine& text = **line;
        if (text.isTooLong)
            return std::optional(RawRow{
                rowProblem(*m_file, codes::kDataRowTooLong,
                           "found a line of more than " + std::to_string(kMaxRowBytes) + " bytes; divide it",
                           text.number),
                text.number});
        if (auto bad = refuseEncoding(*m_file, text.text, text.number))
            return std::optional(RawRow{std::move(*bad), text.number});
        if (text.text.find_first_not_of(" \t") == std::string::npos) {
            if (block.empty()) continue;
            break;
        }
        if (block.empty()) begin = text.number;
        block += (block.empty() ? "" : "\n") + text.text;
    }
    if (block.empty()) return std::optional<RawRow>();
    return std::optional(RawRow{Json{{"text", std::move(block)}}, begin});
}

} // namespace llamahome::text
