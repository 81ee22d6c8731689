// One answer of HTTP/1.1 as its bytes come: head, then the body without its framing. Qt-free; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"
#include "network/transport.h"

namespace llamahome::network {

/// A head is no longer, nor are the lines of a body in chunks.
inline constexpr std::size_t kMaxHeadBytes = 256U << 10;
inline constexpr std::size_t kMaxHeaders = 1000;

class HttpReader {
public:
    /// `where`: the host's name, for messages.
    explicit HttpReader(std::string where)
        : m_where(std::move(where)) {}

    /// Takes what has come: heads of interim answers (1xx) are skipped, the others and the body go to `sink`,
    /// whose errors are given back. NET-02 for what is no HTTP.
    Result<void> take(std::span<const std::byte> bytes, HttpSink& sink);
    /// The connection has ended in order. NET-02 where the answer has not.
    Result<void> end();

    bool hasHead() const { return m_part != Part::Head; }
    bool isDone() const { return m_part == Part::Done; }
    /// Whether the connection can take another request, the answer being done.
    bool keepsAlive() const { return m_keepsAlive; }
    const HttpResponse& response() const { return m_response; }

private:
    enum class Part { Head, Body, UntilEnd, ChunkSize, ChunkBody, ChunkEnd, Trailer, Done };

    Error noHttp(const std::string& what) const;
    Result<bool> takeLine(std::span<const std::byte>& bytes);
    Result<void> takeHead(std::string_view line, HttpSink& sink);
    Result<void> takeStatus(std::string_view line);
    Result<void> takeHeader(std::string_view line);
    Result<void> beginBody(HttpSink& sink);
    Result<void> takeChunkLine(std::string_view line);
    Result<void> takeBody(std::span<const std::byte>& bytes, HttpSink& sink);

    std::string m_where;
    Part m_part = Part::Head;
    HttpResponse m_response;
    std::string m_line; ///< what has come of it
    std::size_t m_headBytes = 0;
    std::uint64_t m_left = 0; ///< of the body, or of its chunk
    std::optional<std::uint64_t> m_length;
    bool m_isChunked = false;
    bool m_keepsAlive = false;
};

} // namespace llamahome::network
