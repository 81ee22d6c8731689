#include "network/qt_transport.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <QtNetwork/QSslCertificate>

#include "core/ascii.h"
#include "core/error_codes.h"
#include "network/http_reader.h"

namespace llamahome::network {
namespace {

constexpr std::size_t kBlockBytes = 256 << 10;
constexpr std::size_t kMostIdle = 4;

/// The address of a request, and the way to it.
struct Way {
    QUrl url;
    QUrl server;            ///< that is connected to: `url`, or the proxy that asks for it
    QNetworkProxy tunnel;   ///< to the server
    QByteArray target;      ///< of the request line
    QByteArray credentials; ///< for the proxy that asks
};

QString originOf(const QUrl& url) {
    return url.toString(QUrl::RemovePath | QUrl::RemoveQuery | QUrl::RemoveFragment);
}

/// As the Host line has it.
QByteArray hostOf(const QUrl& url) {
    QByteArray host = url.host(QUrl::FullyEncoded).toLatin1();
    if (host.contains(':')) host = '[' + host + ']';
    return url.port() > 0 ? host + ':' + QByteArray::number(url.port()) : host;
}

/// https goes through a proxy by a tunnel; for http the proxy itself asks.
Way wayTo(const QUrl& url, QtProxies& proxies) {
    const QList<QNetworkProxy> found = proxies.queryProxy(QNetworkProxyQuery(url));
    const QNetworkProxy proxy = found.isEmpty() ? QNetworkProxy(QNetworkProxy::NoProxy) : found.front();
    const QNetworkProxy none(QNetworkProxy::NoProxy);
    const QByteArray query = url.query(QUrl::FullyEncoded).toLatin1();
    QByteArray target = url.path(QUrl::FullyEncoded).toLatin1();
    if (target.isEmpty()) target = "/";
    if (url.hasQuery()) target += '?' + query;
    const bool isDirect =
        proxy.type() == QNetworkProxy::NoProxy || proxy.type() == QNetworkProxy::DefaultProxy;
    if (isDirect) return {url, url, none, target, {}};
    const bool isAsked = url.scheme() == QLatin1String("http") && proxy.type() != QNetworkProxy::Socks5Proxy;
    if (!isAsked) return {url, url, proxy, target, {}};
    QUrl server;
    server.setScheme(QStringLiteral("http"));
    server.setHost(proxy.hostName());
    server.setPort(proxy.port());
    QByteArray credentials;
    if (!proxy.user().isEmpty()) credentials = (proxy.user() + u':' + proxy.password()).toUtf8().toBase64();
    return {url, server, none, "http://" + hostOf(url) + target, credentials};
}

/// Said where the request does not say otherwise.
constexpr std::array<std::pair<const char*, const char*>, 3> kDefaults{
    {{"Accept", "*/*"}, {"Accept-Encoding", "identity"}, {"User-Agent", "LlamaHome"}}};

bool says(const HttpRequest& request, const std::string& name) {
    return std::any_of(request.headers.begin(), request.headers.end(),
                       [&](const auto& header) { return lowerAscii(header.first) == lowerAscii(name); });
}

/// NET-08 for a header that would be two.
Result<QByteArray> headOf(const HttpRequest& request, const Way& way) {
    QByteArray head =
        "GET " + way.target + " HTTP/1.1\r\nHost: " + hostOf(way.url) + "\r\nConnection: keep-alive\r\n";
    if (!way.credentials.isEmpty()) head += "Proxy-Authorization: Basic " + way.credentials + "\r\n";
    for (const auto& [name, value] : kDefaults)
        if (!says(request, name)) head += QByteArray(name) + ": " + value + "\r\n";
    for (const auto& [name, value] : request.headers) {
        if ((name + value).find_first_of("\r\n") != std::string::npos)
            return Error{codes::kAddressRefused,
                         "header: found a line end in " + name + ", expected one line"};
        head += QByteArray::fromStdString(name) + ": " + QByteArray::fromStdString(value) + "\r\n";
    }
    return head + "\r\n";
}

/// Adds what the connection does not know of an answer: where it is from, and where it leads.
class Addressed final : public HttpSink {
public:
    Addressed(HttpSink& sink, const std::string& url, const QUrl& from)
        : m_sink(sink)
        , m_url(url)
        , m_from(from) {}

    Result<void> begin(const HttpResponse& response) override {
        m_response = response;
        m_response.url = m_url;
        const QUrl target = QUrl::fromEncoded(QByteArray::fromStdString(response.header("location")));
        const bool leadsOn = response.status / 100 == 3 && response.status != 300 && response.status != 304;
        if (leadsOn && !target.isEmpty())
            m_response.redirect = m_from.resolved(target).toEncoded().toStdString();
        return m_sink.begin(m_response);
    }
    Result<void> body(std::span<const std::byte> bytes) override { return m_sink.body(bytes); }
    const HttpResponse& response() const { return m_response; }

private:
    HttpSink& m_sink;
    const std::string& m_url; ///< as it was asked, which Qt may write in another way
    const QUrl& m_from;
    HttpResponse m_response;
};

/// Until the answer is whole. `hasBegun`: a byte of it has come.
Result<void> receive(QtConnection& connection, HttpReader& reader, HttpSink& sink, std::span<char> block,
                     Waiting& waiting, bool& hasBegun) {
    while (!reader.isDone()) {
        const auto count = connection.receive(block, waiting);
        if (!count) return count.error();
        if (*count == 0) return reader.end();
        hasBegun = true;
        const auto taken = reader.take(std::as_bytes(block.first(*count)), sink);
        if (!taken) return taken;
        if (reader.hasHead()) waiting.restart(); // a sink that took its time is no silence of the server's
    }
    return {};
}

} // namespace

QtTransport::QtTransport(const TransportOptions& options)
    : m_proxies(options.proxies)
    , m_tls(QSslConfiguration::defaultConfiguration())
    , m_stallSeconds(options.stallSeconds)
    , m_block(kBlockBytes) {
    if (!options.authorities.empty())
        m_tls.addCaCertificates(
            QSslCertificate::fromData(QByteArray::fromStdString(options.authorities), QSsl::Pem));
}

std::unique_ptr<QtConnection> QtTransport::takeIdle(const QString& origin) {
    const auto found = m_idle.find(origin);
    if (found == m_idle.end()) return nullptr;
    std::unique_ptr<QtConnection> connection = std::move(found->second);
    m_idle.erase(found);
    return connection->isIdle() ? std::move(connection) : nullptr;
}

Result<HttpResponse> QtTransport::get(const HttpRequest& request, HttpSink& sink, const CancelToken& cancel) {
    const QUrl url(QString::fromStdString(request.url), QUrl::StrictMode);
    if (!url.isValid() || url.host().isEmpty() ||
        (url.scheme() != QLatin1String("https") && url.scheme() != QLatin1String("http")))
        return Error{codes::kAddressRefused, "address: found one that leads nowhere, to '" +
                                                 url.host().toStdString() +
                                                 "', expected one that begins with https://"};
    const Way way = wayTo(url, m_proxies);
    const auto head = headOf(request, way);
    if (!head) return head.error();
    const QString origin = originOf(way.server) + originOf(url);
    for (;;) {
        Waiting waiting(cancel, m_stallSeconds, url.host().toStdString());
        std::unique_ptr<QtConnection> connection = takeIdle(origin);
        const bool wasIdle = connection != nullptr;
        if (!wasIdle) {
            auto opened = QtConnection::open(way.server, way.tunnel, m_tls, waiting);
            if (!opened) return way.server == url ? opened.error() : opened.error().within("the proxy");
            connection = std::move(*opened);
        }
        Addressed addressed(sink, request.url, url);
        HttpReader reader(waiting.where());
        bool hasBegun = false;
        connection->send(*head);
        const auto received = receive(*connection, reader, addressed, m_block, waiting, hasBegun);
        const bool hasGone = !received && received.error().code == codes::kNetworkFailure;
        if (hasGone && wasIdle && !hasBegun) continue; // the server had closed it meanwhile: ask on a new one
        if (!received) return received.error();
        if (m_idle.size() >= kMostIdle) m_idle.clear();
        if (reader.keepsAlive()) m_idle[origin] = std::move(connection);
        return addressed.response();
    }
}

} // namespace llamahome::network
