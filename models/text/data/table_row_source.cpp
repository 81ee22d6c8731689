#include "text/data/table_row_source.h"

#include <algorithm>

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "text/text_limits.h"

namespace llamahome::text {
namespace {

std::string trimmed(const std::string& text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    return begin == std::string::npos ? std::string()
                                      : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

} // namespace

Result<std::unique_ptr<RowSource>> TableSource::open(std::shared_ptr<formats::InputFile> file) {
    auto source = std::unique_ptr<TableSource>(new TableSource(std::move(file)));
    if (auto read = source->readHeader(); !read) return read.error();
    return std::unique_ptr<RowSource>(std::move(source));
}

Result<void> TableSource::readHeader() {
    auto record = readRecord();
    if (!record) return record.error();
    if (!*record)
        return Error{codes::kDataEmpty, m_file->shownPath() + ": the table is empty, expected a header"};
    const Record& header = **record;
    if (header.problem) return header.problem->error;
    if (header.fields.fieldCount() > kMaxColumns)
        return rowProblem(*m_file, codes::kDataTableHeader,
                          "found " + std::to_string(header.fields.fieldCount()) +
                              " columns, expected at most " + std::to_string(kMaxColumns),
                          header.line)
            .error;
    for (const std::string& field : header.fields.fields()) {
        std::string name = trimmed(field);
        const bool twice = std::find(m_columns.begin(), m_columns.end(), name) != m_columns.end();
        if (name.empty() || twice)
            return rowProblem(*m_file, codes::kDataTableHeader,
                              "column " + std::to_string(m_columns.size() + 1) +
                                  (twice ? " has the name " + formats::quotedText(name) + " again"
                                         : " has no name") +
                                  "; the first line of a table must name every column once",
                              header.line)
                .error;
        m_columns.push_back(std::move(name));
    }
    return {};
}

Result<std::optional<TableSource::Record>> TableSource::readRecord() {
    std::optional<Record> record;
    while (true) {
        auto line = m_lines.next();
        if (!line) return line.error();
        if (!*line) {
            if (record)
                record->problem =
                    rowProblem(*m_file, codes::kDataTableRow,
                               "a quote is opened here or in this row and never closed", record->line);
            return record;
        }
        const TextLine& text = **line;
        if (!record && text.text.empty() && !text.isTooLong) continue;
        if (m_delimiter == '\0') m_delimiter = CsvRecord::delimiterOf(text.text);
        if (!record) record = Record{CsvRecord(m_delimiter, kMaxColumns), text.number};
        if (text.isTooLong || record->fields.bytes() + text.text.size() > kMaxRowBytes) {
            record->problem = rowProblem(*m_file, codes::kDataRowTooLong,
                                         "found a row of more than " + std::to_string(kMaxRowBytes) +
                                             " bytes; is a quote never closed?",
                                         record->line);
            return record;
        }
        if (auto bad = refuseEncoding(*m_file, text.text, text.number); bad && !record->problem)
            record->problem = std::move(bad);
        if (record->fields.feed(text.text)) return record;
    }
}

RawRow TableSource::rowOf(const Record& record) const {
    if (record.problem) return {*record.problem, record.line};
    const auto& fields = record.fields.fields();
    if (record.fields.strayColumn() > 0)
        return {
            rowProblem(*m_file, codes::kDataTableRow,
                       "found text after a closing quote, expected the delimiter; quotes within a field are "
                       "doubled",
                       record.line, record.fields.strayColumn()),
            record.line};
    if (record.fields.fieldCount() != m_columns.size())
        return {rowProblem(*m_file, codes::kDataTableRow,
                           "found " + std::to_string(record.fields.fieldCount()) + " fields, expected " +
                               std::to_string(m_columns.size()) + " as in the header",
                           record.line),
                record.line};
    Json row = Json::object();
    for (std::size_t i = 0; i < fields.size(); ++i)
        row[m_columns[i]] = fields[i];
    return {std::move(row), record.line};
}

Result<std::optional<RawRow>> TableSource::next() {
    auto record = readRecord();
    if (!record) return record.error();
    return *record ? std::optional(rowOf(**record)) : std::nullopt;
}

} // namespace llamahome::text
