#include "download/remote_size.h"

#include "core/clock.h"
#include "core/error_codes.h"
#include "download/answer_rules.h"
#include "download/http_get.h"

namespace llamahome::download {
namespace {

/// Takes the headers, and ends an answer that comes whole in place of one byte.
class HeadersOnly final : public network::HttpSink {
public:
    Result<void> begin(const network::HttpResponse& response) override {
        m_answer = response;
        if (response.status == 200) return Error{codes::kHttpBody, "seen enough"};
        return {};
    }
    Result<void> body(std::span<const std::byte>) override { return {}; }

    const network::HttpResponse& answer() const { return m_answer; }

private:
    network::HttpResponse m_answer;
};

} // namespace

Result<std::optional<std::uint64_t>> remoteSize(network::Transport& transport, const std::string& url,
                                                const Pause& pause, const CancelToken& cancel) {
    Retries retries(pause);
    for (;;) {
        HeadersOnly sink;
        const auto response = getFollowing(transport, {url, {{"Range", "bytes=0-0"}}}, sink, cancel);
        const network::HttpResponse& answer = sink.answer();
        if (answer.status == 200) return wholeNumber(answer.header("content-length"));
        const auto range = contentRange(answer.header("content-range"));
        if (answer.status == 206 && range) return range->total;
        if (answer.status == 416 && range && range->total == 0) return range->total;
        const Error error = response ? statusError(answer) : response.error();
        const auto asked = pauseAsked(answer, systemClock().now());
        if (auto end = retries.giveUp({error, answer.status, asked}, cancel)) return *end;
    }
}

} // namespace llamahome::download
