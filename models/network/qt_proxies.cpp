#include "network/qt_proxies.h"

#include <QtCore/QUrl>

namespace llamahome::network {
namespace {

constexpr int kHttpPort = 80;
constexpr int kHttpsPort = 443;
constexpr int kProxyPort = 3128;

/// "http://user:password@host:port", "socks5://…", "host:port".
QNetworkProxy proxyOf(const std::string& address) {
    QString text = QString::fromStdString(address);
    if (!text.contains(QLatin1String("://"))) text.prepend(QLatin1String("http://"));
    const QUrl url(text);
    const bool isSocks = url.scheme().startsWith(QLatin1String("socks"));
    return {isSocks ? QNetworkProxy::Socks5Proxy : QNetworkProxy::HttpProxy, url.host(),
            static_cast<quint16>(url.port(kProxyPort)), url.userName(QUrl::FullyDecoded),
            url.password(QUrl::FullyDecoded)};
}

} // namespace

QList<QNetworkProxy> QtProxies::queryProxy(const QNetworkProxyQuery& query) {
    if (m_rules.isEmpty()) return systemProxyForQuery(query);
    const QUrl url = query.url();
    const int port = url.port(url.scheme() == QLatin1String("https") ? kHttpsPort : kHttpPort);
    const std::string proxy = m_rules.proxyFor(url.scheme().toStdString(), url.host().toStdString(), port);
    return {proxy.empty() ? QNetworkProxy(QNetworkProxy::NoProxy) : proxyOf(proxy)};
}

} // namespace llamahome::network
