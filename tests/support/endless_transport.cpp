#include "support/endless_transport.h"

#include <algorithm>

#include "core/digest.h"
#include "core/error_codes.h"
#include "support/noise.h"

namespace llamahome::testing {
namespace {

constexpr std::size_t kBlockBytes = 1U << 20;

} // namespace

EndlessTransport::EndlessTransport(std::uint64_t sizeBytes, std::uint64_t bytesABreak)
    : m_sizeBytes(sizeBytes)
    , m_bytesABreak(bytesABreak)
    , m_block(noise(kBlockBytes, 7)) {}

EndlessTransport::EndlessTransport(std::uint64_t sizeBytes, const VirtualLine& line)
    : EndlessTransport(sizeBytes, static_cast<std::uint64_t>(line.bytesPerSecond * line.secondsABreak)) {
    m_clock = &line.clock;
    m_bytesPerSecond = line.bytesPerSecond;
}

Result<network::HttpResponse> EndlessTransport::get(const network::HttpRequest& request,
                                                    network::HttpSink& sink, const CancelToken& cancel) {
    const auto range = request.headers.find("Range");
    const std::uint64_t begin =
        range == request.headers.end() ? 0 : std::stoull(range->second.substr(std::string("bytes=").size()));
    network::HttpResponse response;
    response.url = request.url;
    response.status = begin > 0 ? 206 : 200;
    response.headers["content-range"] = "bytes " + std::to_string(begin) + "-" +
                                        std::to_string(m_sizeBytes - 1) + "/" + std::to_string(m_sizeBytes);
    if (auto begun = sink.begin(response); !begun) return begun.error();
    const std::uint64_t end = std::min(m_sizeBytes, begin + m_bytesABreak);
    for (std::uint64_t at = begin; at < end;) {
        if (cancel.isCancelled()) return Error{codes::kCancelled, "stopped on request"};
        const auto from = static_cast<std::size_t>(at % kBlockBytes);
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(kBlockBytes - from, end - at));
        const std::string_view bytes = std::string_view(m_block).substr(from, count);
        if (auto taken = sink.body(std::as_bytes(std::span(bytes))); !taken) return taken.error();
        at += count;
        if (m_clock != nullptr) m_clock->advance(static_cast<double>(count) / m_bytesPerSecond);
        m_sentBytes += count;
    }
    if (end == m_sizeBytes) return response;
    ++m_breaks;
    return Error{codes::kNetworkFailure, "the connection broke"};
}

std::string EndlessTransport::sha256() const {
    Digest hash(DigestKind::Sha256);
    for (std::uint64_t at = 0; at < m_sizeBytes; at += kBlockBytes)
        hash.update(std::string_view(m_block).substr(
            0, static_cast<std::size_t>(std::min<std::uint64_t>(kBlockBytes, m_sizeBytes - at))));
    return hash.hex();
}

} // namespace llamahome::testing
