#include "download/fetch_file.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <thread>

#include "core/error_codes.h"
#include "core/hash.h"
#include "core/quantity.h"
#include "download/http_get.h"
#include "download/partial_file.h"

namespace llamahome::download {
namespace fs = std::filesystem;
namespace {

constexpr double kPauseSliceSeconds = 0.1;

bool isWorthRepeating(const Error& error, int status) {
    if (error.code == codes::kHttpStatus)
        return status == 408 || status == 425 || status == 429 || status >= 500;
    return error.code == codes::kNetworkFailure || error.code == codes::kNetworkStalled ||
           error.code == codes::kHttpBody;
}

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

/// Puts an answer into the partial file, or says what is wrong with it.
class PartSink final : public network::HttpSink {
public:
    PartSink(const FetchRequest& request, PartialFile& part, const ProgressSink& progress)
        : m_request(request)
        , m_part(part)
        , m_progress(progress)
        , m_name(displayPath(request.target.filename())) {}

    Result<void> begin(const network::HttpResponse& response) override {
        m_status = response.status;
        m_retryAfter = wholeNumber(response.header("retry-after"));
        if (const std::string packing = response.header("content-encoding");
            !packing.empty() && packing != "identity")
            return wrong("comes packed as " + packing + ", expected the bytes as they are");
        if (response.status == 200) return m_part.sizeBytes() > 0 ? m_part.restart() : Result<void>();
        if (response.status == 206) {
            const std::string range = response.header("content-range");
            if (isOurRange(range, m_part.sizeBytes(), m_request.sizeBytes)) return {};
            return restartAnd(wrong("found the range '" + range + "', expected one that begins at byte " +
                                    std::to_string(m_part.sizeBytes()) + " of " +
                                    std::to_string(m_request.sizeBytes)));
        }
        if (response.status == 416)
            return restartAnd(
                wrong("the server knows no byte " + std::to_string(m_part.sizeBytes()) + " of it"));
        return statusError(m_name, response.status);
    }

    Result<void> body(std::span<const std::byte> bytes) override {
        if (bytes.size() > m_request.sizeBytes - m_part.sizeBytes())
            return restartAnd(wrong("longer than the " + std::to_string(m_request.sizeBytes) +
                                    " bytes that it should have"));
        if (auto appended = m_part.append(bytes); !appended) return appended;
        tellProgress();
        return {};
    }

    void tellProgress() const {
        if (m_progress)
            m_progress({"downloading " + m_name, m_part.sizeBytes(), m_request.sizeBytes, "bytes"});
    }
    int status() const { return m_status; }
    /// Seconds that the server asks to wait.
    std::optional<std::uint64_t> retryAfter() const { return m_retryAfter; }

private:
    Error wrong(const std::string& found) const { return {codes::kHttpBody, m_name + ": " + found}; }
    Result<void> restartAnd(Error error) {
        if (auto restarted = m_part.restart(); !restarted) return restarted;
        return error;
    }

    const FetchRequest& m_request;
    PartialFile& m_part;
    const ProgressSink& m_progress;
    std::string m_name;
    int m_status = 0;
    std::optional<std::uint64_t> m_retryAfter;
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
                if (auto received = receive(); !received) return received;
            const auto finished = m_part.finish(m_request.sha256);
            if (!finished) return finished.error();
            if (*finished) return {};
            if (auto restarted = m_part.restart(); !restarted) return restarted;
            if (m_hadOtherBytes)
                return Error{codes::kHashMismatch,
                             displayPath(m_request.target.filename()) +
                                 ": the server delivers other bytes than promised, twice; nothing of it was "
                                 "kept. Try later, or another index"};
            m_hadOtherBytes = true;
        }
    }

private:
    /// Until the part has its full size.
    Result<void> receive() {
        int fruitless = 0;
        for (;;) {
            const std::uint64_t before = m_part.sizeBytes();
            auto response = getFollowing(m_tools.transport, rangeRequest(), m_sink, m_cancel);
            if (m_part.sizeBytes() == m_request.sizeBytes) return {};
            if (m_cancel.isCancelled()) return stopped();
            Error error = response ? cutShort() : response.error();
            if (response ? false : !isWorthRepeating(error, m_sink.status())) return error;
            fruitless = m_part.sizeBytes() > before ? 1 : fruitless + 1;
            if (fruitless == kTriesWithoutProgress)
                return Error{error.code,
                             error.message + "; tried " + std::to_string(kTriesWithoutProgress) +
                                 " times. What has been received is kept: start again to go on",
                             error.detail};
            m_tools.pause(pauseSeconds(fruitless), m_cancel);
            if (m_cancel.isCancelled()) return stopped();
        }
    }

    network::HttpRequest rangeRequest() const {
        network::HttpRequest request{m_request.url, {}};
        if (m_part.sizeBytes() > 0)
            request.headers["Range"] = "bytes=" + std::to_string(m_part.sizeBytes()) + "-";
        return request;
    }

    double pauseSeconds(int fruitless) const {
        double seconds = kFirstPauseSeconds;
        for (int i = 1; i < fruitless; ++i)
            seconds *= 2.0;
        if (const auto asked = m_sink.retryAfter()) seconds = std::max(seconds, static_cast<double>(*asked));
        return std::min(seconds, kLongestPauseSeconds);
    }

    Error cutShort() const {
        return {codes::kNetworkFailure,
                displayPath(m_request.target.filename()) + ": the connection ended after " +
                    formatBytes(m_part.sizeBytes()) + " of " + formatBytes(m_request.sizeBytes)};
    }
    Error stopped() const {
        return {codes::kCancelled, "downloading " + displayPath(m_request.target.filename()) +
                                       " was stopped; what has been received is kept: start again to go on"};
    }

    const FetchRequest& m_request;
    const FetchTools& m_tools;
    const CancelToken& m_cancel;
    PartialFile& m_part;
    PartSink m_sink;
    bool m_hadOtherBytes = false;
};

} // namespace

void pauseForSeconds(double seconds, const CancelToken& cancel) {
    for (double left = seconds; left > 0.0 && !cancel.isCancelled(); left -= kPauseSliceSeconds)
        std::this_thread::sleep_for(std::chrono::duration<double>(std::min(left, kPauseSliceSeconds)));
}

Result<void> fetchFile(const FetchRequest& request, const FetchTools& tools, const CancelToken& cancel,
                       const ProgressSink& progress) {
    const auto whole = isWhole(request, cancel);
    if (!whole) return whole.error();
    if (*whole) {
        if (progress)
            progress({"downloading " + displayPath(request.target.filename()), request.sizeBytes,
                      request.sizeBytes, "bytes"});
        return {};
    }
    auto part = PartialFile::open(request.target, request.sizeBytes, tools.files, cancel);
    if (!part) return part.error();
    return Fetch(request, tools, cancel, progress, *part).run();
}

} // namespace llamahome::download
