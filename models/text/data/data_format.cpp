#include "text/data/data_format.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "core/ascii.h"
#include "core/error_codes.h"
#include "core/json.h"
#include "core/quantity.h"
#include "formats/impostor.h"
#include "text/text_limits.h"

namespace llamahome::text {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::size_t kHeadBytes = 1U << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct Compression {
    std::string_view signature;
    std::string_view name;
};
constexpr std::array kCompressions{Compression{"\x1F\x8B"sv, "gzip"},
                                   Compression{"\x28\xB5\x2F\xFD"sv, "zstd"}, Compression{"BZh"sv, "bzip2"},
                                   Compression{"\xFD\x37zXZ"sv, "xz"}, Compression{"PK\x03\x04"sv, "zip"}};

Error refuse(const formats::InputFile& file, ErrorCode code, const std::string& what) {
    return Error{code, file.shownPath() + ": " + what};
}

Result<void> refuseBinary(const formats::InputFile& file, std::string_view head) {
    if (head.starts_with("PAR1") || head.starts_with("PARE")) // plain, or with an encrypted footer
        return refuse(
            file, codes::kDataParquet,
            "found a Parquet file, expected JSON Lines, JSON, CSV or text; convert it, e.g. in Python: "
            "pandas.read_parquet(FILE).to_json(OUT, orient=\"records\", lines=True)");
    for (const Compression& known : kCompressions) {
        if (head.starts_with(known.signature))
            return refuse(file, codes::kDataKind,
                          "found a file compressed with " + std::string(known.name) + "; unpack it first");
    }
    if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF"))
        return refuse(file, codes::kDataEncoding, "found UTF-16, expected UTF-8; save it as UTF-8");
    if (auto checked =
            formats::refuseImpostor(file, "JSON Lines, JSON, CSV or text", formats::GenuineFile::Text);
        !checked)
        return checked;
    if (const std::size_t nul = head.substr(0, 4096).find('\0'); nul != std::string_view::npos)
        return refuse(file, codes::kDataEncoding,
                      "found a NUL at byte " + std::to_string(nul + 1) +
                          ", expected UTF-8 text; save it as UTF-8");
    return {};
}

std::string extensionOf(const formats::InputFile& file) {
    return lowerAscii(file.path().extension().string());
}

/// `text` begins with "{". Objects that go on in the next line are no JSON Lines.
Result<DataFileKind> recogniseLines(const formats::InputFile& file, std::string_view text) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    const bool closed = line[line.find_last_not_of(" \t\r")] == '}';
    if (closed || end == std::string_view::npos ||
        text.find_first_not_of(" \t\r\n", end) == std::string_view::npos)
        return DataFileKind::JsonLines;
    return refuse(
        file, codes::kDataSpreadJson,
        "found a JSON object spread over several lines, expected one object a line (JSON Lines) or one "
        "array of objects; e.g. in the shell: jq -c . FILE > OUT.jsonl");
}

} // namespace

std::string_view kindName(DataFileKind kind) {
    constexpr std::array kNames{"JSON Lines"sv, "JSON array"sv, "table"sv, "text"sv};
    return kNames[static_cast<std::size_t>(kind)];
}

std::string_view formatName(DataFormat format) {
    constexpr std::array kNames{"chat messages"sv,       "ShareGPT"sv,  "Alpaca"sv, "prompt and completion"sv,
                                "question and answer"sv, "plain text"sv};
    return kNames[static_cast<std::size_t>(format)];
}

Result<DataFileKind> recogniseDataFile(const formats::InputFile& file) {
    if (file.size() == 0)
        return refuse(file, codes::kDataEmpty, "the file is empty, expected at least one row");
    std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), kHeadBytes)), '\0');
    if (auto read = file.readAt(0, std::as_writable_bytes(std::span(bytes))); !read) return read.error();
    if (auto checked = refuseBinary(file, bytes); !checked) return checked.error();
    std::string_view text = bytes;
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    const std::size_t start = text.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos && file.size() <= kHeadBytes)
        return refuse(file, codes::kDataEmpty, "the file has only blank lines, expected at least one row");
    text.remove_prefix(std::min(start, text.size()));
    const std::string extension = extensionOf(file);
    const bool isTable = extension == ".csv" || extension == ".tsv";
    const bool isText = extension == ".txt" || extension == ".text" || extension == ".md";
    if (isTable || isText) {
        // Whatever the name says, a first line that is a JSON object makes it JSON Lines.
        const bool json = text.starts_with('{') && parseJson(text.substr(0, text.find('\n')), "line");
        return json ? DataFileKind::JsonLines : isTable ? DataFileKind::Table : DataFileKind::Text;
    }
    if (text.starts_with('{')) return recogniseLines(file, text);
    if (text.starts_with('<'))
        return refuse(
            file, codes::kDataKind,
            "found a web page or XML, expected JSON Lines, JSON, CSV or text; download it again, or "
            "name the file .txt if it is text");
    if (!text.starts_with('['))
        return refuse(
            file, codes::kDataKind,
            "found neither JSON Lines nor a JSON array; name the file .csv, .tsv or .txt if it is one");
    if (file.size() <= kMaxRowBytes) return DataFileKind::JsonArray;
    return refuse(file, codes::kDataArrayTooLarge,
                  "found a JSON array of " + formatBytes(file.size()) + ", expected at most " +
                      formatBytes(kMaxRowBytes) +
                      "; convert it to JSON Lines, e.g. jq -c '.[]' FILE > OUT.jsonl");
}

} // namespace llamahome::text
