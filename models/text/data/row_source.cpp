#include "text/data/row_source.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/utf8.h"
#include "formats/file_text.h"
#include "text/data/json_row_source.h"
#include "text/data/table_row_source.h"
#include "text/data/text_row_source.h"

namespace llamahome::text {
namespace {

/// The parser's complaint without its own place and jargon.
std::string complaintOf(const std::string& detail) {
    const std::size_t dash = detail.find(" - ");
    const std::size_t colon = detail.rfind(": ");
    const std::size_t begin = dash != std::string::npos    ? dash + 3
                              : colon != std::string::npos ? colon + 2
                                                           : 0;
    return detail.substr(begin, 160);
}

/// Where the text is no UTF-8 or holds NUL.
std::size_t badByteIn(std::string_view text) {
    return std::min(findInvalidUtf8(text), text.find('\0'));
}

/// Moves `place` over `text`.
void advance(JsonPlace& place, std::string_view text) {
    for (const char c : text) {
        place.column = c == '\n' ? 1 : place.column + 1;
        if (c == '\n') ++place.line;
    }
}

/// The rest of `text`, which begins at `from`, after the place `to`.
std::string_view restAt(std::string_view text, JsonPlace from, JsonPlace to) {
    while (!text.empty() && (from.line < to.line || (from.line == to.line && from.column < to.column))) {
        advance(from, text.substr(0, 1));
        text.remove_prefix(1);
    }
    return text;
}

/// What people take for JSON.
std::string hintOf(std::string_view rest) {
    if (rest.starts_with('\'')) return "texts and names stand in double quotes";
    if (rest.starts_with("//") || rest.starts_with('#')) return "comments are not allowed";
    if (rest.starts_with('}') || rest.starts_with(']')) return "is there a comma too many?";
    if (rest.starts_with('{')) return "one object a line";
    return {};
}

} // namespace

RowProblem rowProblem(const formats::InputFile& file, ErrorCode code, const std::string& what,
                      std::size_t line, std::size_t column) {
    std::string message = file.shownPath() + " line " + std::to_string(line);
    if (column > 0) message += ", column " + std::to_string(column);
    return {Error{code, message + ": " + what}, line, column};
}

std::optional<RowProblem> refuseEncoding(const formats::InputFile& file, std::string_view text,
                                         std::size_t line, std::size_t column) {
    const std::size_t bad = badByteIn(text);
    if (bad == std::string_view::npos) return std::nullopt;
    return rowProblem(file, codes::kDataEncoding,
                      "found the byte " + formats::quotedText(text.substr(bad, 1)) +
                          ", expected UTF-8 text; save the file as UTF-8",
                      line, column + bad);
}

RawRow parseRow(const formats::InputFile& file, std::string_view text, JsonPlace place, bool mayBeCutShort) {
    const JsonPlace start = place;
    const auto problem = [&](ErrorCode code, const std::string& what, JsonPlace at) {
        return RawRow{rowProblem(file, code, what, at.line, at.column), start.line, start.column};
    };
    if (const std::size_t bad = badByteIn(text); bad != std::string_view::npos) {
        advance(place, text.substr(0, bad));
        auto found = refuseEncoding(file, text.substr(bad), place.line, place.column);
        return {std::move(*found), start.line, start.column};
    }
    auto parsed = parseJsonAt(text, "row", place);
    if (parsed && parsed->is_object()) return {std::move(*parsed), start.line, start.column};
    if (parsed)
        return problem(
            codes::kDataJson,
            "found " + std::string(parsed->type_name()) + ", expected an object {\"name\": value, …}", start);
    const Error& error = parsed.error();
    if (error.code == codes::kJsonLimit)
        return problem(codes::kDataJsonLimit, error.message.substr(std::string("row: ").size()), start);
    const bool atEnd = error.detail.find("unexpected end of input") != std::string::npos ||
                       error.detail.find("missing closing quote") != std::string::npos;
    if (atEnd && mayBeCutShort)
        return problem(codes::kDataCutShort, "the file ends in the middle of this row: was it cut short?",
                       place);
    const std::string hint = hintOf(restAt(text, start, place));
    return problem(codes::kDataJson,
                   "not valid JSON: " + complaintOf(error.detail) + (hint.empty() ? "" : " (" + hint + ")"),
                   place);
}

Result<std::unique_ptr<RowSource>> openRowSource(std::shared_ptr<formats::InputFile> file,
                                                 DataFileKind kind) {
    switch (kind) {
    case DataFileKind::JsonLines:
        break;
    case DataFileKind::JsonArray:
        return JsonArraySource::open(std::move(file));
    case DataFileKind::Table:
        return TableSource::open(std::move(file));
    case DataFileKind::Text:
        return std::unique_ptr<RowSource>(std::make_unique<TextSource>(std::move(file)));
    }
    return std::unique_ptr<RowSource>(std::make_unique<JsonLinesSource>(std::move(file)));
}

} // namespace llamahome::text
