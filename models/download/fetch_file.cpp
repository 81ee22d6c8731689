#include "download/fetch_file.h"

#include "core/error_codes.h"
#include "core/quantity.h"
#include "download/content_hash.h"
#include "download/http_get.h"
#include "download/part_sink.h"
#include "download/partial_file.h"

namespace llamahome::download {
namespace {

/// What is there under the final name, where that is the file; a wrong one is left for the right one to
/// replace.
Result<std::optional<FetchedFile>> foundWhole(const FetchRequest& request, const FetchTools& tools,
                                              const CancelToken& cancel, TransferWatch& watch) {
    const std::optional<FetchedFile> nothing;
    if (!isThere(request.target)) return nothing;
    const auto size = fileSize(request.target);
    if (!size) return size.error();
    const bool canBeTold = request.sizeBytes || request.hash.kind != HashKind::None;
    if (!canBeTold || (request.sizeBytes && *request.sizeBytes != *size)) return nothing;
    watch.stateChanged(TransferState::Checking, {});
    const auto hash = contentHashOf(request.target, request.hash, cancel);
    if (!hash) return hash.error();
    if (hash->isAsExpected() != true) return nothing;
    if (auto removed = removePart(tools.files, request.target); !removed) return removed.error();
    return std::optional(FetchedFile{*size, hash->sha256(), request.hash.kind, true});
}

PartRecord recordOf(const FetchRequest& request) {
    PartRecord record{request.source, request.commit, request.path};
    record.sizeBytes = request.sizeBytes;
    record.hash = request.hash;
    return record;
}

/// One file on its way: tries, pauses, and the proof at the end.
class Fetch {
public:
    Fetch(const FetchRequest& request, const FetchTools& tools, const CancelToken& cancel,
          TransferWatch& watch, PartialFile& part)
        : m_request(request)
        , m_tools(tools)
        , m_cancel(cancel)
        , m_watch(watch)
        , m_part(part)
        , m_sink(request, tools, part, watch, cancel) {}

    Result<FetchedFile> run() {
        if (auto begun = dropUnproved(); !begun) return begun.error();
        m_sink.tellBytes();
        for (;;) {
            if (!m_sink.isComplete(false))
                if (auto received = receive(); !received) return named(received.error());
            m_watch.stateChanged(TransferState::Checking, {});
            const FetchedFile fetched{m_part.sizeBytes(), m_part.sha256(), m_request.hash.kind, false};
            const auto finished = m_part.finish(m_cancel);
            if (!finished) return finished.error();
            if (*finished) return fetched;
            if (auto restarted = m_part.restart(); !restarted) return restarted.error();
            if (m_hadOtherBytes)
                return named({codes::kHashMismatch, "the server delivers other bytes than promised, twice; "
                                                    "nothing of it was kept. Try later, or another source"});
            m_hadOtherBytes = true;
        }
    }

private:
    /// Bytes of an earlier run that no hash and no ETag could tell from those of another file.
    Result<void> dropUnproved() {
        const bool isProvable = m_request.hash.kind != HashKind::None || !m_part.record().etag.empty();
        return isProvable || m_part.sizeBytes() == 0 ? Result<void>() : m_part.restart();
    }

    /// Until everything is there.
    Result<void> receive() {
        Retries retries(m_tools.pause, m_tools.patience, [this](const Error& reason, double seconds) {
            m_watch.stateChanged(TransferState::Waiting,
                                 reason.message + "; next try in " + formatDuration(seconds));
        });
        for (;;) {
            if (m_cancel.isCancelled()) return Error{codes::kCancelled, "stopped on request"};
            m_watch.stateChanged(TransferState::Connecting, {});
            const std::uint64_t mostBefore = m_sink.mostBytes();
            m_sink.forgetAnswer();
            const auto response =
                getFollowing(m_tools.transport, rangeRequest(), m_sink, m_cancel, ifRange());
            if (m_sink.isComplete(static_cast<bool>(response))) return {};
            FailedTry failed = m_sink.failedTry(response ? cutShort() : response.error(), mostBefore);
            if (m_sink.hasFileError()) {
                if (auto rewound = m_part.rewind(); !rewound) return failed.error;
                failed.isToRepeat =
                    failed.error.code == codes::kDiskFull && m_tools.patience.waitSeconds > 0.0;
            }
            if (auto end = retries.giveUp(failed, m_cancel)) return *end;
        }
    }

    network::HttpRequest rangeRequest() const {
        network::HttpRequest request{m_request.url, m_request.headers};
        if (m_part.sizeBytes() > 0)
            request.headers["Range"] = "bytes=" + std::to_string(m_part.sizeBytes()) + "-";
        return request;
    }

    /// An ETag is its own server's; another one would take it for a change.
    OriginHeader ifRange() const {
        const PartRecord& record = m_part.record();
        if (m_part.sizeBytes() == 0 || record.etag.empty()) return {};
        return {record.origin, "If-Range", record.etag};
    }

    Error cutShort() const {
        const auto size = m_part.record().sizeBytes;
        return {codes::kNetworkFailure, "the connection ended after " + formatBytes(m_part.sizeBytes()) +
                                            (size ? " of " + formatBytes(*size) : "")};
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
    TransferWatch& m_watch;
    PartialFile& m_part;
    PartSink m_sink;
    bool m_hadOtherBytes = false;
};

/// For a file on its own: nobody limits it.
class ProgressWatch final : public TransferWatch {
public:
    ProgressWatch(const FetchRequest& request, const ProgressSink& progress)
        : m_phase("downloading " + displayPath(request.target.filename()))
        , m_progress(progress) {}

    void stateChanged(TransferState, const std::string&) override {}
    void bytesChanged(std::uint64_t doneBytes, std::optional<std::uint64_t> totalBytes) override {
        if (m_progress) m_progress({m_phase, doneBytes, totalBytes.value_or(0), "bytes"});
    }
    void admit(std::size_t, const CancelToken&) override {}

private:
    std::string m_phase;
    const ProgressSink& m_progress;
};

} // namespace

Result<FetchedFile> fetchFile(const FetchRequest& request, const FetchTools& tools, const CancelToken& cancel,
                              TransferWatch& watch) {
    const auto whole = foundWhole(request, tools, cancel, watch);
    if (!whole) return whole.error();
    if (*whole) {
        watch.bytesChanged((*whole)->sizeBytes, (*whole)->sizeBytes);
        return **whole;
    }
    watch.stateChanged(TransferState::Checking, {});
    auto part =
        PartialFile::open(request.target, recordOf(request), tools.files, *tools.clock, tools.flush, cancel);
    if (!part) return part.error();
    auto fetched = Fetch(request, tools, cancel, watch, *part).run();
    if (!fetched) part->keep();
    return fetched;
}

Result<void> fetchFile(const FetchRequest& request, const FetchTools& tools, const CancelToken& cancel,
                       const ProgressSink& progress) {
    ProgressWatch watch(request, progress);
    const auto fetched = fetchFile(request, tools, cancel, watch);
    return fetched ? Result<void>() : Result<void>(fetched.error());
}

} // namespace llamahome::download
