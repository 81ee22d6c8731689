// Transport by Qt Network. HTTP/1.1, the system's certificates, the environment's proxies. One thread.
#pragma once

#include <QtNetwork/QNetworkAccessManager>

#include "network/transport.h"

namespace llamahome::network {

class QtTransport final : public Transport {
public:
    /// Needs a QCoreApplication somewhere in the process.
    explicit QtTransport(double stallSeconds);

    Result<HttpResponse> get(const HttpRequest& request, HttpSink& sink, const CancelToken& cancel) override;

private:
    QNetworkAccessManager m_manager;
    double m_stallSeconds;
};

} // namespace llamahome::network
