// HTTP as a stream: one GET after another. The Qt-free face of Qt Network. One thread: the one that made it.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

#include "core/cancel_token.h"
#include "core/result.h"
#include "network/proxy_rules.h"

namespace llamahome::network {

struct HttpRequest {
    std::string url;                            ///< absolute, http or https, percent-encoded
    std::map<std::string, std::string> headers; ///< sent as they are
};

struct HttpResponse {
    int status = 0;
    std::map<std::string, std::string> headers; ///< names in lower case
    std::string url;                            ///< the one that was asked
    std::string redirect;                       ///< where a 3xx status leads, absolute; empty for others

    /// Its value, or empty.
    std::string header(const std::string& name) const;
};

/// Takes a response as it arrives, on the transport's thread. An error ends the transfer and is what get()
/// gives.
class HttpSink {
public:
    virtual ~HttpSink() = default;
    /// Once, before the body, whatever the status.
    virtual Result<void> begin(const HttpResponse& response) = 0;
    virtual Result<void> body(std::span<const std::byte> bytes) = 0;
};

class Transport {
public:
    virtual ~Transport() = default;

    /// Sends one GET and blocks until the response has ended. Asks for the bytes as they are (no
    /// compression), follows no redirect, keeps no cookie, sends no credential, repeats nothing: that is the
    /// caller's. NET-02 no connection or one that broke, NET-03 the server's certificate or TLS, NET-04
    /// nothing arrived for `stallSeconds`, NET-08 neither http nor https, RUN-00 cancelled.
    virtual Result<HttpResponse> get(const HttpRequest& request, HttpSink& sink,
                                     const CancelToken& cancel) = 0;

    /// Whether the user agreed to ask addresses without TLS (http) beyond this machine.
    virtual bool allowsPlain() const { return false; }
};

/// A silent connection is given up after this; so is one whose headers take longer.
inline constexpr double kStallSeconds = 30.0;

struct TransportOptions {
    double stallSeconds = kStallSeconds;
    std::string authorities = {}; ///< PEM certificates that are trusted beside the system's
    ProxyRules proxies = {};      ///< where they are empty, the desktop's settings count
};

} // namespace llamahome::network
