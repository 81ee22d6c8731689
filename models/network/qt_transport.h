// Transport by Qt's sockets. HTTP/1.1, the system's certificates, the environment's proxies. One thread.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include <QtCore/QUrl>
#include <QtNetwork/QSslConfiguration>

#include "network/qt_connection.h"
#include "network/qt_proxies.h"
#include "network/transport.h"

namespace llamahome::network {

class QtTransport final : public Transport {
public:
    /// Needs a QCoreApplication somewhere in the process.
    explicit QtTransport(const TransportOptions& options);

    Result<HttpResponse> get(const HttpRequest& request, HttpSink& sink, const CancelToken& cancel) override;

private:
    /// The connection of the last answer from there, where it still stands; else null.
    std::unique_ptr<QtConnection> takeIdle(const QString& origin);

    QtProxies m_proxies;
    QSslConfiguration m_tls;
    double m_stallSeconds;
    std::vector<char> m_block; ///< one read's bytes on their way to the sink
    /// One an origin: the Hub's links lead to and fro between few.
    std::map<QString, std::unique_ptr<QtConnection>> m_idle;
};

} // namespace llamahome::network
