// Transport by Qt Network. HTTP/1.1, the system's certificates, the environment's proxies. One thread.
#pragma once

#include <vector>

#include <QtNetwork/QNetworkAccessManager>
#include <QtNetwork/QSslConfiguration>

#include "network/transport.h"

namespace llamahome::network {

class QtTransport final : public Transport {
public:
    /// Needs a QCoreApplication somewhere in the process.
    explicit QtTransport(const TransportOptions& options);

    Result<HttpResponse> get(const HttpRequest& request, HttpSink& sink, const CancelToken& cancel) override;

private:
    QNetworkAccessManager m_manager;
    QSslConfiguration m_tls;
    double m_stallSeconds;
    std::vector<char> m_block; ///< one read's bytes on their way to the sink
};

} // namespace llamahome::network
