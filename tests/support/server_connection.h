// One accepted connection of a test's server, with or without TLS. Its thread; shutDown(): any.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "support/http_server.h"

namespace llamahome::testing {

/// The server's side of TLS; shared by its connections.
class TlsServer {
public:
    explicit TlsServer(const TlsIdentity& identity);
    ~TlsServer();
    TlsServer(const TlsServer&) = delete;
    TlsServer& operator=(const TlsServer&) = delete;

private:
    friend class ServerConnection;
    struct Context;
    std::unique_ptr<Context> m_context;
};

class ServerConnection {
public:
    /// Takes the socket over. `tls` null: none.
    ServerConnection(int socket, const TlsServer* tls);
    ~ServerConnection();
    ServerConnection(const ServerConnection&) = delete;
    ServerConnection& operator=(const ServerConnection&) = delete;

    /// The next request's head with its empty line; empty where the peer has gone.
    std::string readHead();
    bool send(const char* bytes, std::size_t count);
    /// How it ends, when it is destroyed.
    void endWith(ServedAnswer::Then then) { m_end = then; }
    /// Ends what blocks it.
    void shutDown();

private:
    std::ptrdiff_t receive(char* bytes, std::size_t count);

    struct Tls;
    int m_socket;
    std::unique_ptr<Tls> m_tls;
    ServedAnswer::Then m_end = ServedAnswer::Then::Close;
    std::string m_unread;
};

} // namespace llamahome::testing
