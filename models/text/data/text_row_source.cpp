#include "text/data/text_row_source.h"

#include <utility>

#include "core/error_codes.h"
#include "text/text_limits.h"

namespace llamahome::text {
namespace {

/// What is wrong with a line by itself.
std::optional<RowProblem> problemOf(const formats::InputFile& file, const TextLine& line) {
    if (!line.isTooLong) return refuseEncoding(file, line.text, line.number);
    return rowProblem(file, codes::kDataRowTooLong,
                      "found a line of more than " + std::to_string(kMaxRowBytes) + " bytes; divide it",
                      line.number);
}

} // namespace

Result<std::optional<RawRow>> TextSource::next() {
    if (m_problem) return std::exchange(m_problem, std::nullopt);
    std::string block;
    std::size_t begin = 0;
    while (block.size() < kTextBlockBytes) {
        auto line = m_lines.next();
        if (!line) return line.error();
        if (!*line) break;
        const TextLine& text = **line;
        if (auto bad = problemOf(*m_file, text)) {
            m_problem = RawRow{std::move(*bad), text.number};
            break;
        }
        if (text.text.find_first_not_of(" \t") == std::string::npos) {
            if (block.empty()) continue;
            break;
        }
        if (block.empty()) begin = text.number;
        block += (block.empty() ? "" : "\n") + text.text;
    }
    if (block.empty()) return std::exchange(m_problem, std::nullopt);
    return std::optional(RawRow{Json{{"text", std::move(block)}}, begin});
}

} // namespace llamahome::text
