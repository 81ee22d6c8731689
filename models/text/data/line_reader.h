// LineReader: a file line by line in bounded memory. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/result.h"
#include "formats/input_file.h"

namespace llamahome::text {

struct TextLine {
    std::string text;        ///< without its line end (LF or CR LF) and, in line 1, without a byte-order mark
    std::size_t number = 0;  ///< counted from 1
    bool isTooLong = false;  ///< longer than kMaxRowBytes; `text` is empty then
    bool hasLineEnd = false; ///< false only for a last line without one
};

class LineReader {
public:
    explicit LineReader(std::shared_ptr<formats::InputFile> file)
        : m_file(std::move(file)) {}

    /// The next line, or nothing at the end. DATA-20 if the file is no longer what it was when opened.
    Result<std::optional<TextLine>> next();
    std::uint64_t bytesRead() const { return m_offset - (m_buffer.size() - m_at); }

private:
    Result<bool> refill(); ///< false at the end of the file

    std::shared_ptr<formats::InputFile> m_file;
    std::string m_buffer;
    std::size_t m_at = 0;
    std::uint64_t m_offset = 0; ///< of the end of the buffer in the file
    std::size_t m_lines = 0;
};

/// DATA-20 if the file is no longer what it was when opened.
Result<void> refuseChanged(const formats::InputFile& file);

} // namespace llamahome::text
