// A proxy on loopback: tunnels (CONNECT) and plain requests, led to this machine whatever host they name. Its
// own threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace llamahome::testing {

struct ProxyRefusals {
    std::string credentials = {};    ///< "user:password" that is wanted; empty: none
    bool refusesTunnels = false;     ///< answers CONNECT with 403
    std::uint64_t cutAfterBytes = 0; ///< ends each connection after so many bytes for the client; 0: never
};

class ProxyServer {
public:
    explicit ProxyServer(ProxyRefusals refusals = {});
    ~ProxyServer();
    ProxyServer(const ProxyServer&) = delete;
    ProxyServer& operator=(const ProxyServer&) = delete;

    /// "http://127.0.0.1:PORT", with "user:password@" where that is not empty.
    std::string address(const std::string& credentials = {}) const;
    /// The heads of what it was asked, in order; of a tunnel nothing but its CONNECT.
    std::vector<std::string> heads() const;

private:
    class Listener;
    std::unique_ptr<Listener> m_listener;
};

} // namespace llamahome::testing
