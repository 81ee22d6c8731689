#include "download/fetch_file.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "core/error_codes.h"
#include "core/hash.h"
#include "core/quantity.h"
#include "download/http_get.h"
#include "download/partial_file.h"

namespace llamahome::download {
namespace fs = std::filesystem;
namespace {

std::optional<std::uint64_t> wholeNumber(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// Whether "bytes START-END/TOTAL" begins where we are and belongs to a file of our size.
bool isOurRange(std::string_view range, std::uint64_t start, std::uint64_t total) {
    constexpr std::string_view kUnit = "bytes ";
    const auto dash = range.find('-');
    const auto slash = range.find('/');
    if (!range.starts_with(kUnit) || dash == std::string_view::npos || slash == std::string_view::npos ||
        dash > slash)
        return false;
    const std::string_view said = range.substr(slash + 1);
    return wholeNumber(range.substr(kUnit.size(), dash - kUnit.size())) == start &&
           (said == "*" || wholeNumber(said) == total);
}

void tell(const ProgressSink& progress, const FetchRequest& request, std::uint64_t bytes) {
    if (progress)
        progress(
            {"downloading " + displayPath(request.target.filename()), bytes, request.sizeBytes, "bytes"});
}

/// Puts answers into the partial file. What is not our file is refused before a byte of it is kept.
class PartSink final : public network::HttpSink {
public:
    PartSink(const FetchRequest& request, PartialFile& part, const ProgressSink& progress)
        : m_request(request)
        , m_part(part)
        , m_progress(progress)
        , m_mostBytes(part.sizeBytes()) {}

    /// Before each try.
    void forgetAnswer() {
        m_answer = {};
        m_wasWrongRange = false;
    }

    Result<void> begin(const network::HttpResponse& response) override {
        m_answer = response;
        if (const std::string packing = response.header("content-encoding");
            !packing.empty() && packing != "identity")
            return wrong("comes packed as " + packing + ", expected the bytes as they are");
        switch (response.status) {
        case 200:
            return takeWhole();
        case 206:
            return takeRange();
        case 416:
            return askAnew("the server knows no byte " + std::to_string(m_part.sizeBytes()) + " of it");
        default:
            return statusError(response.status);
        }
    }

    Result<void> body(std::span<const std::byte> bytes) override {
        if (bytes.size() > m_request.sizeBytes - m_part.sizeBytes()) {
            if (auto restarted = m_part.restart(); !restarted) return restarted;
            return wrong("longer than the " + std::to_string(m_request.sizeBytes) +
                         " bytes that it should have");
        }
        if (auto appended = m_part.append(bytes); !appended) return appended;
        m_mostBytes = std::max(m_mostBytes, m_part.sizeBytes());
        tellProgress();
        return {};
    }

    /// The most that was received at any time: what is told never falls, and progress is what goes beyond it.
    std::uint64_t mostBytes() const { return m_mostBytes; }
    void tellProgress() const { tell(m_progress, m_request, m_mostBytes); }
    FailedTry failedTry(Error error, std::uint64_t mostBefore) const {
        return {std::move(error), m_answer.status, wholeNumber(m_answer.header("retry-after")),
                m_wasWrongRange, m_mostBytes > mostBefore};
    }

private:
    static Error wrong(const std::string& found) { return {codes::kHttpBody, found}; }

    Result<void> takeWhole() {
        const auto length = wholeNumber(m_answer.header("content-length"));
        if (length && *length != m_request.sizeBytes)
            return wrong("the server offers " + std::to_string(*length) + " bytes, expected " +
                         std::to_string(m_request.sizeBytes) +
                         "; it is another file, or this network wants a login in a browser first");
        return m_part.sizeBytes() > 0 ? m_part.restart() : Result<void>();
    }
    Result<void> takeRange() {
        const std::string range = m_answer.header("content-range");
        if (isOurRange(range, m_part.sizeBytes(), m_request.sizeBytes)) return {};
        return askAnew("found the range '" + range + "', expected one that begins at byte " +
                       std::to_string(m_part.sizeBytes()) + " of " + std::to_string(m_request.sizeBytes));
    }
    Result<void> askAnew(const std::string& why) {
        m_wasWrongRange = true;
        if (auto restarted = m_part.restart(); !restarted) return restarted;
        return wrong(why);
    }

    const FetchRequest& m_request;
    PartialFile& m_part;
    const ProgressSink& m_progress;
    std::uint64_t m_mostBytes;
    network::HttpResponse m_answer;
    bool m_wasWrongRange = false;
};

Result<bool> isWhole(const FetchRequest& request, const CancelToken& cancel) {
    if (!isThere(request.target)) return false;
    const auto size = fileSize(request.target);
    if (!size) return size.error();
    if (*size != request.sizeBytes) return false;
    const auto hash = sha256File(request.target, cancel);
    if (!hash) return hash.error();
    return *hash == request.sha256;
}

/// One file on its way: tries, pauses, and the proof at the end.
class Fetch {
public:
    Fetch(const FetchRequest& request, const FetchTools& tools, const CancelToken& cancel,
          const ProgressSink& progress, PartialFile& part)
        : m_request(request)
        , m_tools(tools)
        , m_cancel(cancel)
        , m_part(part)
        , m_sink(request, part, progress) {}

    Result<void> run() {
        m_sink.tellProgress();
        for (;;) {
            if (m_part.sizeBytes() < m_request.sizeBytes)
                if (auto received = receive(); !received) return named(received.error());
            const auto finished = m_part.finish(m_request.sha256);
            if (!finished) return finished.error();
            if (*finished) return {};
            if (auto restarted = m_part.restart(); !restarted) return restarted;
            if (m_hadOtherBytes)
                return named({codes::kHashMismatch, "the server delivers other bytes than promised, twice; "
                                                    "nothing of it was kept. Try later, or another source"});
            m_hadOtherBytes = true;
        }
    }

private:
    /// Until the part has its full size.
    Result<void> receive() {
        Retries retries(m_tools.pause);
        for (;;) {
            const std::uint64_t mostBefore = m_sink.mostBytes();
            m_sink.forgetAnswer();
            const auto response = getFollowing(m_tools.transport, rangeRequest(), m_sink, m_cancel);
            if (m_part.sizeBytes() == m_request.sizeBytes) return {};
            const Error error = response ? cutShort() : response.error();
            if (auto end = retries.giveUp(m_sink.failedTry(error, mostBefore), m_cancel)) return *end;
        }
    }

    network::HttpRequest rangeRequest() const {
        network::HttpRequest request{m_request.url, {}};
        if (m_part.sizeBytes() > 0)
            request.headers["Range"] = "bytes=" + std::to_string(m_part.sizeBytes()) + "-";
        return request;
    }

    Error cutShort() const {
        return {codes::kNetworkFailure, "the connection ended after " + formatBytes(m_part.sizeBytes()) +
                                            " of " + formatBytes(m_request.sizeBytes)};
    }
    /// Whose error it is, and what becomes of the bytes that are there.
    Error named(const Error& error) const {
        Error whole = error.within(displayPath(m_request.target.filename()));
        if (m_part.sizeBytes() > 0)
            whole.message += ". " + formatBytes(m_part.sizeBytes()) + " of it are kept: start again to go on";
        return whole;
    }

    const FetchRequest& m_request;
    const FetchTools& m_tools;
    const CancelToken& m_cancel;
    PartialFile& m_part;
    PartSink m_sink;
    bool m_hadOtherBytes = false;
};

} // namespace

Result<void> fetchFile(const FetchRequest& request, const FetchTools& tools, const CancelToken& cancel,
                       const ProgressSink& progress) {
    const auto whole = isWhole(request, cancel);
    if (!whole) return whole.error();
    if (*whole) {
        tell(progress, request, request.sizeBytes);
        return {};
    }
    auto part = PartialFile::open(request.target, request.sizeBytes, tools.files, cancel);
    if (!part) return part.error();
    return Fetch(request, tools, cancel, progress, *part).run();
}

} // namespace llamahome::download
