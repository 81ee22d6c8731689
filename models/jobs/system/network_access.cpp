#include "jobs/system/network_access.h"

#include "core/blocking.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "download/http_get.h"
#include "network/transport_loader.h"

namespace llamahome::jobs {
namespace {

class RuledTransport final : public network::Transport {
public:
    RuledTransport(std::unique_ptr<network::Transport> transport, const NetworkRules& rules)
        : m_transport(std::move(transport))
        , m_rule(rules.access)
        , m_allowsPlain(rules.allowsPlain) {}

    bool allowsPlain() const override { return m_allowsPlain; }

    Result<network::HttpResponse> get(const network::HttpRequest& request, network::HttpSink& sink,
                                      const CancelToken& cancel) override {
        blockingCall("fetch", download::originOf(request.url)); // the rest may be a secret
        if (m_rule == "on" || (m_rule == "loopback" && download::isOnThisMachine(request.url)))
            return m_transport->get(request, sink, cancel);
        return Error{
            codes::kAddressRefused,
            download::originOf(request.url) + ": the setting model.hub.network is " + m_rule +
                ", so nothing was fetched; `llamahome config edit model.hub.network=on` allows it, where "
                "no environment variable (HF_HUB_OFFLINE, LLAMAHOME_ENV) forbids it"};
    }

private:
    std::unique_ptr<network::Transport> m_transport;
    std::string m_rule;
    bool m_allowsPlain;
};

} // namespace

Result<NetworkRules> networkRules(const config::HubSettings& hub, const config::Environment& environment) {
    constexpr std::uint64_t kMaxBundleBytes = 16U << 20;
    NetworkRules rules{hub.network, hub.plain_http, {}, network::proxyRules(environment)};
    for (const char* name : {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"}) {
        const std::string file = config::environmentValue(environment, name);
        if (file.empty()) continue;
        auto bundle = readFile(file, kMaxBundleBytes);
        if (!bundle)
            return Error{codes::kEnvironmentValue,
                         std::string(name) + ": " + bundle.error().message +
                             "; expected a file of certificates in PEM form, or unset it",
                         bundle.error().detail};
        rules.authorities = std::move(*bundle);
        break;
    }
    return rules;
}

Result<std::unique_ptr<network::Transport>> openNetwork(const NetworkRules& rules) {
    network::TransportOptions options;
    options.authorities = rules.authorities;
    options.proxies = rules.proxies;
    auto transport = network::openTransport(options);
    if (!transport) return transport.error();
    return std::unique_ptr<network::Transport>(
        std::make_unique<RuledTransport>(std::move(*transport), rules));
}

} // namespace llamahome::jobs
