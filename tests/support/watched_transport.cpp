#include "support/watched_transport.h"

#include <algorithm>

namespace llamahome::testing {
namespace {

class WatchedSink final : public network::HttpSink {
public:
    WatchedSink(network::HttpSink& real, TransportCounts& counts, const std::optional<TransportFault>& fault)
        : m_real(real)
        , m_counts(counts)
        , m_fault(fault) {}

    Result<void> begin(const network::HttpResponse& response) override {
        m_isFile = response.status == 200 || response.status == 206;
        return m_real.begin(response);
    }
    Result<void> body(std::span<const std::byte> bytes) override {
        if (m_isFile) m_counts.bodyBytes += bytes.size();
        const std::uint64_t left = m_fault ? m_fault->afterBytes - m_bytes : bytes.size();
        const auto passed = static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size()));
        m_bytes += passed;
        if (auto taken = m_real.body(bytes.first(passed)); !taken) return taken;
        return passed == bytes.size() ? Result<void>() : m_fault->error;
    }

private:
    network::HttpSink& m_real;
    TransportCounts& m_counts;
    const std::optional<TransportFault>& m_fault;
    std::uint64_t m_bytes = 0;
    bool m_isFile = false;
};

class WatchedTransport final : public network::Transport {
public:
    WatchedTransport(std::unique_ptr<network::Transport> real, TransportCounts& counts,
                     const TransportFaults& faults)
        : m_real(std::move(real))
        , m_counts(counts)
        , m_faults(faults) {}

    Result<network::HttpResponse> get(const network::HttpRequest& request, network::HttpSink& sink,
                                      const CancelToken& cancel) override {
        const int number = ++m_counts.gets;
        const auto fault = m_faults ? m_faults(number) : std::nullopt;
        if (fault && fault->afterBytes == 0) return fault->error;
        WatchedSink watched(sink, m_counts, fault);
        return m_real->get(request, watched, cancel);
    }

private:
    std::unique_ptr<network::Transport> m_real;
    TransportCounts& m_counts;
    const TransportFaults& m_faults;
};

} // namespace

std::unique_ptr<network::Transport> watchedTransport(std::unique_ptr<network::Transport> real,
                                                     TransportCounts& counts, const TransportFaults& faults) {
    return std::make_unique<WatchedTransport>(std::move(real), counts, faults);
}

} // namespace llamahome::testing
