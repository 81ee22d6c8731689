// The network as the settings allow it. The thread that will use it.
#pragma once

#include <memory>
#include <string>

#include "config/environment.h"
#include "config/model_settings.h"
#include "core/result.h"
#include "network/transport.h"

namespace llamahome::jobs {

struct NetworkRules {
    std::string access = "on"; ///< the setting model.hub.network: "on", "loopback" (this machine only), "off"
    bool allowsPlain = false;  ///< the setting model.hub.plain_http
    std::string authorities = {}; ///< PEM certificates that are trusted beside the system's
    network::ProxyRules proxies = {};
};

/// The rules of the settings, and of the environment's SSL_CERT_FILE, or REQUESTS_CA_BUNDLE, and its proxies.
/// CFG-13 where the file that one names cannot be read.
Result<NetworkRules> networkRules(const config::HubSettings& hub, const config::Environment& environment);

/// A transport that obeys the rules. What is not allowed is refused with NET-08, before a byte is sent.
/// NET-01 as openTransport().
Result<std::unique_ptr<network::Transport>> openNetwork(const NetworkRules& rules);

} // namespace llamahome::jobs
