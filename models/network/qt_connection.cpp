#include "network/qt_connection.h"

#include <algorithm>
#include <functional>
#include <optional>

#include <QtCore/QCoreApplication>
#include <QtCore/QEventLoop>
#include <QtCore/QTimer>
#include <QtNetwork/QHostInfo>
#include <QtNetwork/QSslError>
#include <QtNetwork/QSslSocket>

#include "core/error_codes.h"

namespace llamahome::network {
namespace {

constexpr int kLookMs = 100;               // at a cancel
constexpr double kNamesSeconds = 10.0;     // of looking a name up
constexpr double kOneAddressSeconds = 4.0; // where there are others to try
constexpr double kNoLimitSeconds = 1e6;    // but that of `waiting`
constexpr qint64 kBufferBytes = 512 << 10; // Qt reads no further ahead than this

bool isSafe(const QUrl& url) {
    return url.scheme() == QLatin1String("https");
}

int portOf(const QUrl& url) {
    return url.port(isSafe(url) ? 443 : 80);
}

/// Runs an event loop until `isOver`, an error of `waiting` or the time is up.
Result<void> spin(QEventLoop& loop, const Waiting& waiting, double mostSeconds,
                  const std::function<bool()>& isOver) {
    QElapsedTimer since;
    since.start();
    QTimer look;
    QObject::connect(&look, &QTimer::timeout, &loop, &QEventLoop::quit);
    look.start(kLookMs);
    while (!isOver()) {
        if (auto allowed = waiting.check(); !allowed) return allowed;
        if (static_cast<double>(since.elapsed()) > mostSeconds * 1000.0)
            return Error{codes::kNetworkFailure, waiting.where() + ": no connection in time"};
        loop.exec();
    }
    return {};
}

bool isOfProxy(QAbstractSocket::SocketError error) {
    return error == QAbstractSocket::ProxyAuthenticationRequiredError ||
           (error >= QAbstractSocket::ProxyConnectionRefusedError &&
            error <= QAbstractSocket::ProxyProtocolError);
}

Error errorOf(const QTcpSocket& socket, const std::string& where, bool isConnecting) {
    const QAbstractSocket::SocketError error = socket.error();
    if (error == QAbstractSocket::ProxyAuthenticationRequiredError)
        return {codes::kHttpStatus, where + ": the proxy wants a name and password; set them in the proxy's "
                                            "address (https_proxy), or ask who keeps it"};
    std::string text = socket.errorString().toStdString();
    const auto* safe = qobject_cast<const QSslSocket*>(&socket);
    const bool isTls = error == QAbstractSocket::SslHandshakeFailedError ||
                       error == QAbstractSocket::SslInternalError ||
                       error == QAbstractSocket::SslInvalidUserDataError;
    if (safe == nullptr || !isConnecting || !isTls)
        return {codes::kNetworkFailure, where + (isOfProxy(error) ? ": the proxy: " : ": ") + text};
    std::string reasons;
    for (const QSslError& reason : safe->sslHandshakeErrors())
        reasons += (reasons.empty() ? "" : "; ") + reason.errorString().toStdString();
    return {codes::kNetworkTls,
            where + ": the connection is not safe and was refused: " + (reasons.empty() ? text : reasons)};
}

/// The addresses of a name; of an address itself.
Result<QList<QHostAddress>> addressesOf(const QString& host, const Waiting& waiting) {
    if (QHostAddress literal; literal.setAddress(host)) return QList<QHostAddress>{literal};
    QEventLoop loop;
    QHostInfo found;
    bool isFound = false;
    const int lookup = QHostInfo::lookupHost(host, &loop, [&](const QHostInfo& info) {
        found = info;
        isFound = true;
        loop.quit();
    });
    if (auto done = spin(loop, waiting, kNamesSeconds, [&] { return isFound; }); !done) {
        QHostInfo::abortHostLookup(lookup);
        return done.error();
    }
    if (found.error() != QHostInfo::NoError || found.addresses().isEmpty())
        return Error{codes::kNetworkFailure, waiting.where() + ": " + found.errorString().toStdString()};
    return found.addresses();
}

} // namespace

Waiting::Waiting(const CancelToken& cancel, double stallSeconds, std::string where)
    : m_cancel(cancel)
    , m_stallSeconds(stallSeconds)
    , m_where(std::move(where)) {
    m_since.start();
}

Result<void> Waiting::check() const {
    if (m_cancel.isCancelled()) return Error{codes::kCancelled, "stopped on request"};
    if (static_cast<double>(m_since.elapsed()) < m_stallSeconds * 1000.0) return {};
    return Error{codes::kNetworkStalled, m_where + ": nothing arrived for " +
                                             std::to_string(static_cast<int>(m_stallSeconds)) +
                                             " s; the connection was given up"};
}

QtConnection::QtConnection(std::unique_ptr<QTcpSocket> socket)
    : m_socket(std::move(socket)) {}

Result<std::unique_ptr<QtConnection>> QtConnection::open(const QUrl& url, const QNetworkProxy& proxy,
                                                         const QSslConfiguration& tls,
                                                         const Waiting& waiting) {
    QStringList places{url.host()}; // a proxy looks names up itself
    if (proxy.type() == QNetworkProxy::NoProxy) {
        const auto addresses = addressesOf(url.host(), waiting);
        if (!addresses) return addresses.error();
        places.clear();
        for (const QHostAddress& address : *addresses)
            places << address.toString();
    }
    std::optional<Error> last;
    for (const QString& place : places) {
        auto socket =
            isSafe(url) ? std::unique_ptr<QTcpSocket>(new QSslSocket) : std::make_unique<QTcpSocket>();
        if (auto* safe = qobject_cast<QSslSocket*>(socket.get())) safe->setSslConfiguration(tls);
        socket->setProxy(proxy);
        socket->setReadBufferSize(kBufferBytes);
        const double seconds = place == places.last() ? kNoLimitSeconds : kOneAddressSeconds;
        const auto connected = connectTo(*socket, place, url, waiting, seconds);
        if (connected) return std::unique_ptr<QtConnection>(new QtConnection(std::move(socket)));
        last = connected.error();
        if (last->code != codes::kNetworkFailure) break;
    }
    return *last;
}

Result<void> QtConnection::connectTo(QTcpSocket& socket, const QString& address, const QUrl& url,
                                     const Waiting& waiting, double mostSeconds) {
    QEventLoop loop;
    bool hasFailed = false;
    QObject::connect(&socket, &QAbstractSocket::errorOccurred, &loop, [&] {
        hasFailed = true;
        loop.quit();
    });
    const auto port = static_cast<quint16>(portOf(url));
    auto* safe = qobject_cast<QSslSocket*>(&socket);
    if (safe != nullptr) {
        QObject::connect(safe, &QSslSocket::encrypted, &loop, &QEventLoop::quit);
        safe->connectToHostEncrypted(address, port, url.host());
    } else {
        QObject::connect(&socket, &QAbstractSocket::connected, &loop, &QEventLoop::quit);
        socket.connectToHost(address, port);
    }
    const auto isReady = [&] {
        return safe != nullptr ? safe->isEncrypted() : socket.state() == QAbstractSocket::ConnectedState;
    };
    if (auto done = spin(loop, waiting, mostSeconds, [&] { return hasFailed || isReady(); }); !done)
        return done;
    return hasFailed ? Result<void>(errorOf(socket, waiting.where(), true)) : Result<void>();
}

void QtConnection::send(const QByteArray& bytes) {
    m_socket->write(bytes);
    m_socket->flush();
}

Result<std::size_t> QtConnection::receive(std::span<char> block, const Waiting& waiting) {
    for (;;) {
        if (auto allowed = waiting.check(); !allowed) return allowed.error();
        if (m_socket->bytesAvailable() > 0) break;
        if (m_socket->state() != QAbstractSocket::ConnectedState) return ended(waiting);
        m_socket->waitForReadyRead(kLookMs);
    }
    const qint64 count = m_socket->read(block.data(), static_cast<qint64>(block.size()));
    QCoreApplication::sendPostedEvents(m_socket.get()); // which QSslSocket posts to itself, and no loop runs
    return static_cast<std::size_t>(std::max<qint64>(count, 0));
}

Result<std::size_t> QtConnection::ended(const Waiting& waiting) const {
    const QAbstractSocket::SocketError error = m_socket->error();
    const bool isInOrder = error == QAbstractSocket::RemoteHostClosedError ||
                           error == QAbstractSocket::SocketTimeoutError; // which is a wait's, of before
    if (isInOrder) return std::size_t{0};
    return errorOf(*m_socket, waiting.where(), false);
}

bool QtConnection::isIdle() {
    return !m_socket->waitForReadyRead(0) && m_socket->bytesAvailable() == 0 &&
           m_socket->state() == QAbstractSocket::ConnectedState;
}

} // namespace llamahome::network
