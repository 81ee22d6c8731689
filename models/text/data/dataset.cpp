#include "text/data/dataset.h"

#include <utility>

#include "core/error_codes.h"

namespace llamahome::text {

Result<DatasetReader> DatasetReader::open(const std::filesystem::path& path, const DatasetOptions& options) {
    auto map = parseColumnMap(options.columnMap);
    if (!map) return map.error();
    auto opened = formats::InputFile::open(path);
    if (!opened) return opened.error();
    std::shared_ptr<formats::InputFile> file = std::move(*opened);
    const auto kind = recogniseDataFile(*file);
    if (!kind) return kind.error();
    auto source = openRowSource(file, *kind);
    if (!source) return source.error();
    return DatasetReader(std::move(file), *kind, std::move(*source), std::move(*map));
}

Result<Example> DatasetReader::convert(const Json& row, std::size_t line) {
    const auto mapped = applyColumnMap(row, m_map);
    if (!mapped) return mapped.error();
    const auto format = recogniseShape(*mapped);
    if (!format) return format.error();
    if (m_format && *m_format != *format)
        return Error{codes::kDataMixedShapes, "found " + std::string(formatName(*format)) + ", expected " +
                                                  std::string(formatName(*m_format)) + " as in line " +
                                                  std::to_string(m_formatLine) +
                                                  "; put rows of one shape into one file"};
    auto example = exampleOf(*mapped, *format);
    if (!example) return example.error();
    if (!m_format) {
        m_format = *format;
        m_formatLine = line;
    }
    example->line = line;
    return example;
}

Result<std::optional<DatasetRow>> DatasetReader::next() {
    auto raw = m_source->next();
    if (!raw) return raw.error();
    if (!*raw) {
        if (m_hasRows) return std::optional<DatasetRow>();
        return Error{codes::kDataEmpty, m_file->shownPath() + ": found no rows, expected at least one"};
    }
    m_hasRows = true;
    RawRow& row = **raw;
    if (auto* problem = std::get_if<RowProblem>(&row.content))
        return std::optional<DatasetRow>(std::move(*problem));
    auto example = convert(std::get<Json>(row.content), row.line);
    if (example) return std::optional<DatasetRow>(std::move(*example));
    const Error& error = example.error();
    const std::size_t column = m_kind == DataFileKind::Table ? 0 : row.column;
    return std::optional<DatasetRow>(rowProblem(*m_file, error.code, error.message, row.line, column));
}

} // namespace llamahome::text
