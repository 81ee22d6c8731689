// RowSource: the rows of one data file before their shape is known. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "core/json.h"
#include "core/result.h"
#include "formats/input_file.h"
#include "text/data/data_format.h"

namespace llamahome::text {

/// A row that cannot be used. The message names file, line and, where it is known, column.
struct RowProblem {
    Error error;
    std::size_t line = 0;   ///< counted from 1
    std::size_t column = 0; ///< in bytes, counted from 1; 0: not of one place in the line
};

struct RawRow {
    std::variant<Json, RowProblem> content; ///< an object, or what is wrong
    std::size_t line = 0;
    std::size_t column = 1; ///< where the object begins in its line
};

class RowSource {
public:
    virtual ~RowSource() = default;
    /// The next row, or nothing at the end. An error ends the file: it cannot be read on.
    virtual Result<std::optional<RawRow>> next() = 0;
    virtual std::uint64_t bytesRead() const = 0;
};

/// The rows of a file of that kind. DATA-31 for a table without a usable header.
Result<std::unique_ptr<RowSource>> openRowSource(std::shared_ptr<formats::InputFile> file, DataFileKind kind);

/// "FILE line 3, column 7: what" as a problem of that place.
RowProblem rowProblem(const formats::InputFile& file, ErrorCode code, const std::string& what,
                      std::size_t line, std::size_t column = 0);

/// A problem (DATA-07) if the text is no UTF-8 or holds NUL.
std::optional<RowProblem> refuseEncoding(const formats::InputFile& file, std::string_view text,
                                         std::size_t line, std::size_t column = 1);

/// Parses the text of one row that begins at that place: DATA-01, -02, -07 or -09.
RawRow parseRow(const formats::InputFile& file, std::string_view text, JsonPlace place, bool mayBeCutShort);

} // namespace llamahome::text
