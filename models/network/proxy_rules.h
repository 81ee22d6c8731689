// Which proxy an address is asked through, by the variables that other programs read: http_proxy,
// https_proxy, all_proxy and no_proxy, in small or large letters. Values; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace llamahome::network {

struct ProxyRules {
    std::string http = {};  ///< for http addresses: "http://[user:password@]host[:port]", which may be secret
    std::string https = {}; ///< for https addresses
    /// Asked directly: "*", a host, its sub-domains with it, each with or without ":port".
    std::vector<std::string> direct = {};

    bool isEmpty() const { return http.empty() && https.empty(); }
    /// The proxy for an address; empty: none.
    std::string proxyFor(std::string_view scheme, std::string_view host, int port) const;
};

/// Small letters win over large ones; all_proxy stands in for either of the first two.
ProxyRules proxyRules(const std::map<std::string, std::string>& environment);

} // namespace llamahome::network
