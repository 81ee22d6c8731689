// Rows of JSON Lines files and of JSON arrays. One thread.
#pragma once

#include "text/data/line_reader.h"
#include "text/data/row_source.h"

namespace llamahome::text {

/// One object a line; blank lines are skipped.
class JsonLinesSource final : public RowSource {
public:
    explicit JsonLinesSource(std::shared_ptr<formats::InputFile> file)
        : m_file(std::move(file))
        , m_lines(m_file) {}

    Result<std::optional<RawRow>> next() override;
    std::uint64_t bytesRead() const override { return m_lines.bytesRead(); }

private:
    std::shared_ptr<formats::InputFile> m_file;
    LineReader m_lines;
};

/// The elements of one array, each parsed by itself so that it has a place and a fault costs one row only.
class JsonArraySource final : public RowSource {
public:
    /// Reads the whole file, which has at most kMaxRowBytes.
    static Result<std::unique_ptr<RowSource>> open(std::shared_ptr<formats::InputFile> file);

    Result<std::optional<RawRow>> next() override;
    std::uint64_t bytesRead() const override { return m_at; }

private:
    explicit JsonArraySource(std::shared_ptr<formats::InputFile> file)
        : m_file(std::move(file)) {}
    void step(); ///< one byte on, with the place
    void skipBlanks();
    void skipElement();  ///< to the comma or bracket after an element
    RawRow endProblem(); ///< what is wrong after the last element

    std::shared_ptr<formats::InputFile> m_file;
    std::string m_text;
    std::size_t m_at = 0;
    JsonPlace m_place;
    bool m_isFirst = true;
    bool m_isDone = false;
};

} // namespace llamahome::text
