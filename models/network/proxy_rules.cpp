#include "network/proxy_rules.h"

#include <algorithm>

#include "core/ascii.h"

namespace llamahome::network {
namespace {

/// `name` is in small letters.
std::string valueOf(const std::map<std::string, std::string>& environment, const std::string& name) {
    std::string large = name;
    std::transform(large.begin(), large.end(), large.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    for (const std::string& spelling : {name, large})
        if (const auto found = environment.find(spelling);
            found != environment.end() && !found->second.empty())
            return found->second;
    return {};
}

std::vector<std::string> listOf(const std::string& text) {
    std::vector<std::string> entries;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find_first_of(", ", at), text.size());
        if (end > at) entries.push_back(lowerAscii(text.substr(at, end - at)));
        at = end + 1;
    }
    return entries;
}

/// Without what stands before a domain for all below it: "*.example.com", ".example.com".
std::string_view domainOf(std::string_view entry) {
    if (entry.starts_with("*.")) return entry.substr(2);
    return entry.starts_with('.') ? entry.substr(1) : entry;
}

bool covers(std::string_view entry, const std::string& host, int port) {
    if (entry == "*") return true;
    const std::size_t colon = entry.rfind(':');
    const bool hasPort = colon != std::string_view::npos && entry.find(':') == colon;
    if (hasPort && entry.substr(colon + 1) != std::to_string(port)) return false;
    const std::string_view domain = domainOf(hasPort ? entry.substr(0, colon) : entry);
    if (domain.empty() || !host.ends_with(domain)) return false;
    return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

} // namespace

std::string ProxyRules::proxyFor(std::string_view scheme, std::string_view host, int port) const {
    const std::string& proxy = scheme == "https" ? https : http;
    const std::string name = lowerAscii(host);
    const bool isDirect = std::any_of(direct.begin(), direct.end(),
                                      [&](const std::string& entry) { return covers(entry, name, port); });
    return isDirect ? std::string() : proxy;
}

ProxyRules proxyRules(const std::map<std::string, std::string>& environment) {
    const std::string all = valueOf(environment, "all_proxy");
    ProxyRules rules{valueOf(environment, "http_proxy"), valueOf(environment, "https_proxy"),
                     listOf(valueOf(environment, "no_proxy"))};
    if (rules.http.empty()) rules.http = all;
    if (rules.https.empty()) rules.https = all;
    return rules;
}

} // namespace llamahome::network
