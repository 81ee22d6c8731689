#include "jobs/system/network_access.h"

#include "core/blocking.h"
#include "core/error_codes.h"
#include "download/http_get.h"
#include "network/transport_loader.h"

namespace llamahome::jobs {
namespace {

class RuledTransport final : public network::Transport {
public:
    RuledTransport(std::unique_ptr<network::Transport> transport, std::string rule)
        : m_transport(std::move(transport))
        , m_rule(std::move(rule)) {}

    Result<network::HttpResponse> get(const network::HttpRequest& request, network::HttpSink& sink,
                                      const CancelToken& cancel) override {
        blockingCall("fetch", request.url);
        if (m_rule == "on" || (m_rule == "loopback" && download::isOnThisMachine(request.url)))
            return m_transport->get(request, sink, cancel);
        return Error{
            codes::kAddressRefused,
            request.url + ": the setting model.hub.network is " + m_rule +
                ", so nothing was fetched; `llamahome config set model.hub.network on` allows it, where "
                "no environment variable (HF_HUB_OFFLINE, LLAMAHOME_ENV) forbids it"};
    }

private:
    std::unique_ptr<network::Transport> m_transport;
    std::string m_rule;
};

} // namespace

Result<std::unique_ptr<network::Transport>> openNetwork(const std::string& rule) {
    auto transport = network::openTransport();
    if (!transport) return transport.error();
    return std::unique_ptr<network::Transport>(std::make_unique<RuledTransport>(std::move(*transport), rule));
}

} // namespace llamahome::jobs
