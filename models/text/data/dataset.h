// DatasetReader: a data file row by row, as examples or as problems that name file, line and column. One
// thread.
//
// JSON Lines, JSON arrays, CSV or TSV and text; chat messages, ShareGPT, Alpaca, prompt and completion,
// question and answer, plain text. Memory is bounded by one row, of a JSON array by the file (64 MiB at
// most).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/result.h"
#include "text/data/data_format.h"
#include "text/data/example.h"
#include "text/data/row_shape.h"
#include "text/data/row_source.h"

namespace llamahome::text {

struct DatasetOptions {
    std::vector<std::string> columnMap; ///< "field=column" pairs; empty: recognised by content
};

using DatasetRow = std::variant<Example, RowProblem>;

class DatasetReader {
public:
    /// Recognises the kind of file. FILE-xx, IM-x, or DATA-xx naming the file; DATA-50 for a column map.
    static Result<DatasetReader> open(const std::filesystem::path& path, const DatasetOptions& options = {});

    /// The next row, or nothing at the end. After an Error (the file changed, cannot be read, holds no row)
    /// the reader is of no more use; after a RowProblem it goes on.
    Result<std::optional<DatasetRow>> next();

    DataFileKind kind() const { return m_kind; }
    /// The shape of the first good row; nothing before it.
    std::optional<DataFormat> format() const { return m_format; }
    std::uint64_t sizeBytes() const { return m_file->size(); }
    std::uint64_t bytesRead() const { return m_source->bytesRead(); }

private:
    DatasetReader(std::shared_ptr<formats::InputFile> file, DataFileKind kind,
                  std::unique_ptr<RowSource> source, ColumnMap map)
        : m_file(std::move(file))
        , m_kind(kind)
        , m_source(std::move(source))
        , m_map(std::move(map)) {}
    Result<Example> convert(const Json& row, std::size_t line);

    std::shared_ptr<formats::InputFile> m_file;
    DataFileKind m_kind;
    std::unique_ptr<RowSource> m_source;
    ColumnMap m_map;
    std::optional<DataFormat> m_format;
    std::size_t m_formatLine = 0; ///< of the row that set the format
    bool m_hasRows = false;
};

} // namespace llamahome::text
