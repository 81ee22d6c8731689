#include "jobs/json_lines.h"

#include <fstream>
#include <string>

#include "core/blocking.h"
#include "core/error_codes.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxLineBytes = 1U << 20;
constexpr std::size_t kMaxDepth = 4;

/// Whether the file ends within a line.
Result<bool> endsInLine(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary | std::ios::ate);
    if (!stream) return Error{codes::kFileRead, "cannot read " + displayPath(path)};
    if (stream.tellg() == std::streampos(0)) return false;
    stream.seekg(-1, std::ios::end);
    return stream.get() != '\n';
}

} // namespace

JsonLines::JsonLines(std::unique_ptr<WritableFile> file, bool endsInLine)
    : m_file(std::move(file))
    , m_endsInLine(endsInLine) {}

Result<JsonLines> JsonLines::open(FileLayer& files, const fs::path& path) {
    auto file = files.openAppend(path);
    if (!file) return file.error();
    const auto isCut = endsInLine(path);
    if (!isCut) return isCut.error();
    return JsonLines(std::move(*file), *isCut);
}

Result<void> JsonLines::append(const Json& value) {
    std::string line = writeJsonLine(value) + '\n';
    if (m_endsInLine) line.insert(line.begin(), '\n');
    m_endsInLine = true; // until the whole line is known to be there
    if (auto written = m_file->write(std::as_bytes(std::span(line))); !written) return written;
    m_endsInLine = false;
    return {};
}

Result<void> JsonLines::sync() {
    return m_file->sync();
}

Result<void> forEachJsonLine(const fs::path& path, const std::function<void(const Json&)>& take) {
    blockingCall("read", path.native());
    std::error_code failure;
    const fs::file_status status = fs::status(path, failure);
    if (status.type() == fs::file_type::not_found) return {};
    if (!fs::is_regular_file(status))
        return Error{codes::kNotAFile, displayPath(path) + ": found no regular file; remove the run"};
    std::ifstream stream(path, std::ios::binary);
    if (!stream) return Error{codes::kFileRead, "cannot read " + displayPath(path)};
    std::string line;
    while (std::getline(stream, line)) {
        const bool isWhole = !stream.eof();
        if (!isWhole || line.size() > kMaxLineBytes) continue;
        const auto json = parseJson(line, "line", {kMaxDepth, kMaxLineBytes});
        if (json && json->is_object()) take(*json);
    }
    return {};
}

} // namespace llamahome::jobs
