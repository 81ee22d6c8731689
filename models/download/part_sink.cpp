#include "download/part_sink.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/quantity.h"
#include "download/answer_rules.h"
#include "download/http_get.h"

namespace llamahome::download {
namespace {

constexpr int kWrongAnswers = 2; ///< so many, and what was kept is what does not fit

Error wrong(const std::string& found) {
    return {codes::kHttpBody, found};
}

Error webPage(const std::string& url) {
    return wrong("something between you and " + originOf(url) +
                 " answered instead: found a web page, expected the file; this network may want a login in "
                 "a browser first");
}

} // namespace

PartSink::PartSink(const FetchRequest& request, const FetchTools& tools, PartialFile& part,
                   TransferWatch& watch, const CancelToken& cancel)
    : m_request(request)
    , m_tools(tools)
    , m_part(part)
    , m_watch(watch)
    , m_cancel(cancel)
    , m_mostBytes(part.sizeBytes()) {}

void PartSink::forgetAnswer() {
    m_answer = {};
    m_isToRepeat = false;
    m_hasFileError = false;
    m_isAtEnd = false;
}

Result<void> PartSink::begin(const network::HttpResponse& response) {
    m_answer = response;
    if (const std::string packing = response.header("content-encoding");
        !packing.empty() && packing != "identity")
        return wrong("comes packed as " + packing + ", expected the bytes as they are");
    if (response.status == 416) return takeNoRange();
    if (response.status != 200 && response.status != 206) return refuse();
    if (isWebPage(response, m_request.path)) return webPage(m_request.url);
    if (auto taken = response.status == 200 ? takeWhole() : takeRange(); !taken) return taken;
    m_part.setServer(originOf(response.url), strongEtag(response));
    m_watch.stateChanged(TransferState::Receiving, {});
    return {};
}

Result<void> PartSink::body(std::span<const std::byte> bytes) {
    if (m_answer.status == 416) return {}; // words of the server's
    m_watch.admit(bytes.size(), m_cancel);
    if (const auto size = expected(); size && bytes.size() > *size - m_part.sizeBytes())
        return askAgain("longer than the " + std::to_string(*size) + " bytes that it should have");
    if (m_part.sizeBytes() == 0 && m_request.hash.kind == HashKind::None &&
        beginsAsWebPage(bytes, m_request.path))
        return webPage(m_request.url);
    if (auto appended = noted(m_part.append(bytes)); !appended) return appended;
    if (m_part.sizeBytes() > m_mostBytes) m_wrongAnswers = 0;
    m_mostBytes = std::max(m_mostBytes, m_part.sizeBytes());
    tellBytes();
    return {};
}

/// The whole file, whether that was asked for or not.
Result<void> PartSink::takeWhole() {
    const auto length = wholeNumber(m_answer.header("content-length"));
    if (length && m_request.sizeBytes && *length != *m_request.sizeBytes)
        return wrong("the server offers " + std::to_string(*length) + " bytes, expected " +
                     std::to_string(*m_request.sizeBytes) +
                     "; it is another file, or this network wants a login in a browser first");
    if (m_part.sizeBytes() > 0)
        if (auto restarted = noted(m_part.restart()); !restarted) return restarted;
    if (!m_request.sizeBytes) m_part.learnSize(length);
    m_isAtEnd = true; // when this answer ends
    return {};
}

/// What follows the part, and belongs to the same file.
Result<void> PartSink::takeRange() {
    const std::string header = m_answer.header("content-range");
    const auto range = contentRange(header);
    const bool isOurs = range && range->first == m_part.sizeBytes() &&
                        (!range->total || !expected() || *range->total == *expected());
    if (!isOurs)
        return askAgain("found the range '" + header + "', expected one that begins at byte " +
                        std::to_string(m_part.sizeBytes()) +
                        (expected() ? " of " + std::to_string(*expected()) : ""));
    if (m_request.hash.kind == HashKind::None && strongEtag(m_answer) != m_part.record().etag) {
        m_wrongAnswers = kWrongAnswers; // nothing else could tell old bytes from new ones
        return askAgain("the file has changed since its first part was received");
    }
    if (range->total && !expected()) m_part.learnSize(*range->total);
    m_isAtEnd = true;
    return {};
}

/// The part is as long as the file, or longer than what the server has.
Result<void> PartSink::takeNoRange() {
    const auto range = contentRange(m_answer.header("content-range"));
    const bool isWhole =
        range && range->total == m_part.sizeBytes() && (!expected() || *expected() == m_part.sizeBytes());
    if (!isWhole)
        return askAgain("the server knows no byte " + std::to_string(m_part.sizeBytes()) + " of it");
    m_part.learnSize(m_part.sizeBytes());
    return {};
}

Result<void> PartSink::refuse() const {
    return m_tools.refusal ? m_tools.refusal(m_answer) : statusError(m_answer);
}

/// One wrong answer costs nothing that was kept: the next may be right. The second one does.
Result<void> PartSink::askAgain(const std::string& why) {
    m_isToRepeat = true;
    if (++m_wrongAnswers >= kWrongAnswers) {
        m_wrongAnswers = 0;
        if (auto restarted = noted(m_part.restart()); !restarted) return restarted;
    }
    return wrong(why);
}

Result<void> PartSink::noted(Result<void> done) {
    m_hasFileError = m_hasFileError || !done;
    return done;
}

bool PartSink::isComplete(bool ended) const {
    if (expected()) return m_part.sizeBytes() == *expected();
    return ended && m_isAtEnd;
}

void PartSink::tellBytes() const {
    m_watch.bytesChanged(m_mostBytes, expected());
}

FailedTry PartSink::failedTry(Error error, std::uint64_t mostBefore) const {
    FailedTry failed{std::move(error), m_answer.status, pauseAsked(m_answer, m_tools.clock->now())};
    const bool isRefusal = m_answer.status == 400 || m_answer.status == 401 || m_answer.status == 403;
    failed.isToRepeat = m_isToRepeat;
    failed.isExpiredLink = isRefusal && originOf(m_answer.url) != originOf(m_request.url);
    failed.hasProgressed = m_mostBytes > mostBefore;
    return failed;
}

} // namespace llamahome::download
