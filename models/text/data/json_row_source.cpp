#include "text/data/json_row_source.h"

#include <span>

#include "core/error_codes.h"
#include "text/text_limits.h"

namespace llamahome::text {

Result<std::optional<RawRow>> JsonLinesSource::next() {
    while (true) {
        auto line = m_lines.next();
        if (!line) return line.error();
        if (!*line) return std::optional<RawRow>();
        const TextLine& row = **line;
        if (row.isTooLong)
            return std::optional(
                RawRow{rowProblem(*m_file, codes::kDataRowTooLong,
                                  "found a row of more than " + std::to_string(kMaxRowBytes) +
                                      " bytes; is this one object a line?",
                                  row.number),
                       row.number});
        const std::size_t start = row.text.find_first_not_of(" \t");
        if (start == std::string::npos) continue;
        return std::optional(parseRow(*m_file, std::string_view(row.text).substr(start),
                                      {row.number, start + 1}, !row.hasLineEnd));
    }
}

Result<std::unique_ptr<RowSource>> JsonArraySource::open(std::shared_ptr<formats::InputFile> file) {
    auto source = std::unique_ptr<JsonArraySource>(new JsonArraySource(file));
    source->m_text.resize(static_cast<std::size_t>(file->size()));
    if (auto read = file->readAt(0, std::as_writable_bytes(std::span(source->m_text))); !read)
        return read.error();
    if (source->m_text.starts_with("\xEF\xBB\xBF")) source->m_at = 3;
    source->skipBlanks();
    source->step(); // the opening bracket, by which the kind was recognised
    return std::unique_ptr<RowSource>(std::move(source));
}

void JsonArraySource::step() {
    if (m_text[m_at] == '\n') {
        ++m_place.line;
        m_place.column = 0;
    }
    ++m_place.column;
    ++m_at;
}

void JsonArraySource::skipBlanks() {
    while (m_at < m_text.size() && std::string_view(" \t\r\n").find(m_text[m_at]) != std::string_view::npos)
        step();
}

void JsonArraySource::skipElement() {
    std::size_t depth = 0;
    bool inText = false;
    for (; m_at < m_text.size(); step()) {
        const char c = m_text[m_at];
        if (inText) {
            if (c == '\\' && m_at + 1 < m_text.size())
                step();
            else if (c == '"')
                inText = false;
        } else if (c == '"') {
            inText = true;
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if (c == '}' || c == ']') {
            if (depth == 0) return;
            --depth;
        } else if (c == ',' && depth == 0) {
            return;
        }
    }
}

RawRow JsonArraySource::endProblem() {
    m_isDone = true;
    const bool cut = m_at >= m_text.size();
    return {rowProblem(*m_file, cut ? codes::kDataCutShort : codes::kDataJson,
                       cut ? "the file ends in the middle of the array: was it cut short?"
                           : "found more text after the array's end, expected nothing",
                       m_place.line, m_place.column),
            m_place.line, m_place.column};
}

Result<std::optional<RawRow>> JsonArraySource::next() {
    if (m_isDone) {
        if (auto same = refuseChanged(*m_file); !same) return same.error();
        return std::optional<RawRow>();
    }
    skipBlanks();
    if (m_at < m_text.size() && m_text[m_at] == ']') {
        step();
        skipBlanks();
        m_isDone = true;
        if (m_at < m_text.size()) return std::optional(endProblem());
        return next();
    }
    const bool afterComma = !m_isFirst && m_at < m_text.size() && m_text[m_at] == ',';
    if (afterComma) step();
    m_isFirst = false;
    skipBlanks();
    if (afterComma && m_at < m_text.size() && m_text[m_at] == ']')
        return std::optional(RawRow{rowProblem(*m_file, codes::kDataJson,
                                               "found a comma before the closing bracket, expected an object",
                                               m_place.line, m_place.column),
                                    m_place.line, m_place.column});
    if (m_at >= m_text.size()) return std::optional(endProblem());
    const std::size_t begin = m_at;
    const JsonPlace place = m_place;
    skipElement();
    if (m_at == begin && m_text[m_at] != ',') step(); // a bracket that closes nothing
    return std::optional(parseRow(*m_file, std::string_view(m_text).substr(begin, m_at - begin), place,
                                  m_at == m_text.size()));
}

} // namespace llamahome::text
