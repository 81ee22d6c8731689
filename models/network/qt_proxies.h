// Qt's proxies by ProxyRules; where those are empty, by the desktop's settings. Any thread: Qt asks.
#pragma once

#include <QtNetwork/QNetworkProxyFactory>

#include "network/proxy_rules.h"

namespace llamahome::network {

class QtProxies final : public QNetworkProxyFactory {
public:
    explicit QtProxies(ProxyRules rules)
        : m_rules(std::move(rules)) {}

    QList<QNetworkProxy> queryProxy(const QNetworkProxyQuery& query) override;

private:
    ProxyRules m_rules;
};

} // namespace llamahome::network
