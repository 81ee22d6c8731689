// Rows of CSV and TSV files as objects of their columns' names. One thread.
#pragma once

#include <string>
#include <vector>

#include "text/data/csv_record.h"
#include "text/data/line_reader.h"
#include "text/data/row_source.h"

namespace llamahome::text {

class TableSource final : public RowSource {
public:
    /// Reads the header. DATA-31 if a name is missing or stands twice.
    static Result<std::unique_ptr<RowSource>> open(std::shared_ptr<formats::InputFile> file);

    Result<std::optional<RawRow>> next() override;
    std::uint64_t bytesRead() const override { return m_lines.bytesRead(); }

private:
    /// A whole record, or what is wrong with it.
    struct Record {
        CsvRecord fields;
        std::size_t line = 0;
        std::optional<RowProblem> problem = {};
    };

    explicit TableSource(std::shared_ptr<formats::InputFile> file)
        : m_file(std::move(file))
        , m_lines(m_file) {}
    Result<void> readHeader();
    Result<std::optional<Record>> readRecord();
    RawRow rowOf(const Record& record) const;

    std::shared_ptr<formats::InputFile> m_file;
    LineReader m_lines;
    char m_delimiter = '\0'; ///< not known before the first line
    std::vector<std::string> m_columns;
};

} // namespace llamahome::text
