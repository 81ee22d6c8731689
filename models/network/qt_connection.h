// One connection to a server, with TLS or without, perhaps through a proxy: Qt's sockets, asked in line. One
// thread.
//
// QNetworkAccessManager hands bytes from its own thread to the caller's by an event for each piece, with TLS
// one for every 4 KiB: at a gigabyte a second that is most of the work.
#pragma once

#include <memory>
#include <span>

#include <QtCore/QElapsedTimer>
#include <QtCore/QUrl>
#include <QtNetwork/QNetworkProxy>
#include <QtNetwork/QSslConfiguration>
#include <QtNetwork/QTcpSocket>

#include "core/cancel_token.h"
#include "core/result.h"

namespace llamahome::network {

/// How long a caller waits, and whether at all.
class Waiting {
public:
    Waiting(const CancelToken& cancel, double stallSeconds, std::string where);

    /// Something has come: the silence begins anew.
    void restart() { m_since.start(); }
    /// RUN-00 cancelled, NET-04 silent for too long.
    Result<void> check() const;
    const std::string& where() const { return m_where; }

private:
    const CancelToken& m_cancel;
    double m_stallSeconds;
    std::string m_where;
    QElapsedTimer m_since;
};

class QtConnection {
public:
    /// `proxy` is a tunnel's, or none. The names of `url` are looked up, and each address is tried. NET-02
    /// nobody there, NET-03 TLS, NET-05 the proxy wants a password; errors of `waiting`.
    static Result<std::unique_ptr<QtConnection>> open(const QUrl& url, const QNetworkProxy& proxy,
                                                      const QSslConfiguration& tls, const Waiting& waiting);

    /// Errors are told by receive().
    void send(const QByteArray& bytes);
    /// At least one byte into `block`; 0: the other side has ended in order. NET-02 it broke; errors of
    /// `waiting`.
    Result<std::size_t> receive(std::span<char> block, const Waiting& waiting);
    /// Whether nobody has spoken or gone since the last answer.
    bool isIdle();

private:
    explicit QtConnection(std::unique_ptr<QTcpSocket> socket);
    static Result<void> connectTo(QTcpSocket& socket, const QString& address, const QUrl& url,
                                  const Waiting& waiting, double mostSeconds);
    /// What receive() gives where there is nothing more.
    Result<std::size_t> ended(const Waiting& waiting) const;

    std::unique_ptr<QTcpSocket> m_socket;
};

} // namespace llamahome::network
