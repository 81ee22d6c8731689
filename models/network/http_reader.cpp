#include "network/http_reader.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "core/ascii.h"
#include "core/error_codes.h"

namespace llamahome::network {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
    text.remove_prefix(begin);
    return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

/// The whole of `text`, in that base.
std::optional<std::uint64_t> number(std::string_view text, int base) {
    std::uint64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

bool isToken(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return c > ' ' && c < '\x7F' &&
               std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
    });
}

bool holdsWord(const std::string& list, std::string_view word) {
    return lowerAscii(list).find(word) != std::string::npos;
}

} // namespace

Error HttpReader::noHttp(const std::string& what) const {
    return {codes::kNetworkFailure, m_where + ": found " + what + " in place of an answer of HTTP"};
}

Result<void> HttpReader::take(std::span<const std::byte> bytes, HttpSink& sink) {
    while (!bytes.empty() && m_part != Part::Done) {
        if (m_part == Part::Body || m_part == Part::UntilEnd || m_part == Part::ChunkBody) {
            if (auto taken = takeBody(bytes, sink); !taken) return taken;
            continue;
        }
        const auto isWhole = takeLine(bytes);
        if (!isWhole) return isWhole.error();
        if (!*isWhole) break;
        const std::string line = std::exchange(m_line, {});
        if (auto taken = m_part == Part::Head ? takeHead(line, sink) : takeChunkLine(line); !taken)
            return taken;
    }
    if (!bytes.empty()) m_keepsAlive = false; // nobody asked for these
    return {};
}

/// Moves bytes up to a line's end into m_line; whether it is whole now.
Result<bool> HttpReader::takeLine(std::span<const std::byte>& bytes) {
    const auto end = std::find(bytes.begin(), bytes.end(), std::byte{'\n'});
    const auto count = static_cast<std::size_t>(end - bytes.begin());
    const bool isWhole = end != bytes.end();
    m_headBytes += count + (isWhole ? 1 : 0);
    if (m_headBytes > kMaxHeadBytes)
        return noHttp("a head of more than " + std::to_string(kMaxHeadBytes) + " bytes");
    if (std::find(bytes.begin(), end, std::byte{0}) != end) return noHttp("a zero byte");
    m_line.append(reinterpret_cast<const char*>(bytes.data()), count);
    bytes = bytes.subspan(isWhole ? count + 1 : count);
    if (isWhole && m_line.ends_with('\r')) m_line.pop_back();
    return isWhole;
}

Result<void> HttpReader::takeHead(std::string_view line, HttpSink& sink) {
    if (m_response.status == 0) return takeStatus(line);
    if (!line.empty()) return takeHeader(line);
    m_headBytes = 0;
    if (m_response.status >= 200) return beginBody(sink);
    *this = HttpReader(m_where); // an interim answer
    return {};
}

Result<void> HttpReader::takeStatus(std::string_view line) {
    const bool isOld = line.starts_with("HTTP/1.0 ");
    const auto status = number(line.substr(std::min<std::size_t>(line.size(), 9), 3), 10);
    if ((!isOld && !line.starts_with("HTTP/1.1 ")) || !status || *status < 100 || *status > 599)
        return noHttp("another first line");
    m_response.status = static_cast<int>(*status);
    m_keepsAlive = !isOld;
    return {};
}

Result<void> HttpReader::takeHeader(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !isToken(line.substr(0, colon)))
        return noHttp("a header without a name");
    if (m_response.headers.size() >= kMaxHeaders)
        return noHttp("more than " + std::to_string(kMaxHeaders) + " headers");
    const std::string name = lowerAscii(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(colon + 1));
    const auto [place, isNew] = m_response.headers.try_emplace(name, value);
    if (!isNew) place->second += ", " + std::string(value);
    if (name != "content-length") return {};
    const auto length = number(value, 10);
    if (!length || (m_length && *m_length != *length)) return noHttp("a length that is none, or two");
    place->second = value;
    m_length = length;
    return {};
}

Result<void> HttpReader::beginBody(HttpSink& sink) {
    const std::string coding = m_response.header("transfer-encoding");
    m_isChunked = holdsWord(coding, "chunked");
    const std::string connection = m_response.header("connection");
    if (holdsWord(connection, "close")) m_keepsAlive = false;
    const bool isBare = m_response.status == 204 || m_response.status == 304;
    m_left = m_length.value_or(0);
    if (m_isChunked && !isBare)
        m_part = Part::ChunkSize;
    else if (isBare || m_length)
        m_part = isBare || m_left == 0 ? Part::Done : Part::Body;
    else
        m_part = Part::UntilEnd;
    if (m_part == Part::UntilEnd) m_keepsAlive = false;
    return sink.begin(m_response);
}

Result<void> HttpReader::takeChunkLine(std::string_view line) {
    m_headBytes = m_part == Part::Trailer ? m_headBytes : 0;
    if (m_part == Part::ChunkEnd) {
        if (!line.empty()) return noHttp("a chunk without its end");
        m_part = Part::ChunkSize;
    } else if (m_part == Part::ChunkSize) {
        const auto size = number(trimmed(line.substr(0, line.find(';'))), 16);
        if (!size) return noHttp("a chunk without its size");
        m_left = *size;
        m_part = m_left == 0 ? Part::Trailer : Part::ChunkBody;
    } else if (line.empty()) {
        m_part = Part::Done;
    }
    return {};
}

Result<void> HttpReader::takeBody(std::span<const std::byte>& bytes, HttpSink& sink) {
    const std::size_t count = m_part == Part::UntilEnd
                                  ? bytes.size()
                                  : static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), m_left));
    if (auto taken = sink.body(bytes.first(count)); !taken) return taken;
    bytes = bytes.subspan(count);
    if (m_part == Part::UntilEnd) return {};
    m_left -= count;
    if (m_left == 0) m_part = m_part == Part::Body ? Part::Done : Part::ChunkEnd;
    return {};
}

Result<void> HttpReader::end() {
    m_keepsAlive = false;
    if (m_part == Part::UntilEnd) m_part = Part::Done;
    if (m_part == Part::Done) return {};
    return Error{codes::kNetworkFailure,
                 m_where + (m_part == Part::Head ? ": the connection ended before an answer had come"
                                                 : ": the connection ended before all of it had come")};
}

} // namespace llamahome::network
