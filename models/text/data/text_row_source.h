// Rows of a plain text file: its paragraphs. One thread.
#pragma once

#include "text/data/line_reader.h"
#include "text/data/row_source.h"

namespace llamahome::text {

/// A row is what stands between blank lines; a longer stretch is divided at the line end after
/// kTextBlockBytes, and before a line that cannot be used.
class TextSource final : public RowSource {
public:
    explicit TextSource(std::shared_ptr<formats::InputFile> file)
        : m_file(std::move(file))
        , m_lines(m_file) {}

    /// Rows are {"text": …}.
    Result<std::optional<RawRow>> next() override;
    std::uint64_t bytesRead() const override { return m_lines.bytesRead(); }

private:
    std::shared_ptr<formats::InputFile> m_file;
    LineReader m_lines;
    std::optional<RawRow> m_problem; ///< the next row, after the lines before it
};

} // namespace llamahome::text
