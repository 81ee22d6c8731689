#include "support/http_server.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <set>
#include <thread>

#include <sys/socket.h>
#include <unistd.h>

#include "core/ascii.h"
#include "support/loopback.h"
#include "support/server_connection.h"

namespace llamahome::testing {
namespace {

constexpr std::size_t kBlockBytes = 256U << 10;

ServedRequest parseRequest(const std::string& head) {
    ServedRequest request;
    const auto firstBlank = head.find(' ') + 1;
    request.method = head.substr(0, firstBlank - 1);
    request.target = head.substr(firstBlank, head.find(' ', firstBlank) - firstBlank);
    for (auto line = head.find("\r\n") + 2; line < head.size();) {
        const auto end = head.find("\r\n", line);
        const auto colon = head.find(": ", line);
        if (end == line || colon > end) break;
        request.headers[lowerAscii(head.substr(line, colon - line))] =
            head.substr(colon + 2, end - colon - 2);
        line = end + 2;
    }
    return request;
}

} // namespace

class HttpServer::Listener {
public:
    Listener(Script script, const std::optional<TlsIdentity>& identity)
        : m_script(std::move(script)) {
        ::signal(SIGPIPE, SIG_IGN); // OpenSSL writes to sockets that the peer has left
        if (identity) m_tls = std::make_unique<TlsServer>(*identity);
        start(0);
    }

    ~Listener() {
        {
            const std::lock_guard lock(m_mutex);
            m_isOver = true;
            for (ServerConnection* connection : m_open)
                connection->shutDown();
        }
        m_changed.notify_all();
        stop();
        for (std::thread& thread : m_connections)
            thread.join();
    }

    void start(int port) {
        m_socket = listenOnLoopback(port);
        m_port = portOfSocket(m_socket);
        m_thread = std::thread([this] { accept(); });
    }

    void stop() {
        if (!m_thread.joinable()) return;
        ::shutdown(m_socket, SHUT_RDWR);
        m_thread.join();
        ::close(m_socket);
    }

    int port() const { return m_port; }
    std::vector<ServedRequest> requests() const {
        const std::lock_guard lock(m_mutex);
        return m_requests;
    }

private:
    void accept() {
        for (;;) {
            const int connection = ::accept4(m_socket, nullptr, nullptr, SOCK_CLOEXEC);
            if (connection < 0) return;
            m_connections.emplace_back([this, connection] { serve(connection); });
        }
    }

    void serve(int socket) {
        ServerConnection connection(socket, m_tls.get());
        {
            const std::lock_guard lock(m_mutex);
            if (m_isOver) return;
            m_open.insert(&connection);
        }
        for (;;) {
            const std::string head = connection.readHead();
            if (head.empty() || !answer(connection, parseRequest(head))) break;
        }
        const std::lock_guard lock(m_mutex);
        m_open.erase(&connection);
    }

    /// Whether another request may follow.
    bool answer(ServerConnection& connection, const ServedRequest& request) {
        ServedAnswer answer;
        {
            const std::lock_guard lock(m_mutex);
            m_requests.push_back(request);
            answer = m_script(request);
        }
        const bool isSent = answer.millisecondsEach > 0
                                ? trickle(connection, answer)
                                : connection.send(answer.bytes.data(), answer.bytes.size()) &&
                                      sendGenerated(connection, answer);
        if (!isSent) return false;
        if (answer.then == ServedAnswer::Then::Silence) {
            std::unique_lock lock(m_mutex);
            m_changed.wait(lock, [this] { return m_isOver; });
        }
        connection.endWith(answer.then);
        return answer.then == ServedAnswer::Then::KeepOpen;
    }

    static bool sendGenerated(ServerConnection& connection, const ServedAnswer& answer) {
        std::vector<char> block(
            static_cast<std::size_t>(std::min<std::uint64_t>(kBlockBytes, answer.generatedBytes)));
        for (std::uint64_t sent = 0; sent < answer.generatedBytes;) {
            const auto count =
                static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), answer.generatedBytes - sent));
            answer.generate(sent, std::span(block).first(count));
            if (!connection.send(block.data(), count)) return false;
            sent += count;
        }
        return true;
    }

    bool trickle(ServerConnection& connection, const ServedAnswer& answer) {
        for (const char byte : answer.bytes) {
            if (!connection.send(&byte, 1)) return false;
            std::unique_lock lock(m_mutex);
            m_changed.wait_for(lock, std::chrono::milliseconds(answer.millisecondsEach),
                               [this] { return m_isOver; });
        }
        return true;
    }

    Script m_script;
    std::unique_ptr<TlsServer> m_tls;
    int m_socket = -1;
    int m_port = 0;
    mutable std::mutex m_mutex;
    std::condition_variable m_changed;
    bool m_isOver = false;
    std::vector<ServedRequest> m_requests;
    std::set<ServerConnection*> m_open;
    std::vector<std::thread> m_connections;
    std::thread m_thread;
};

HttpServer::HttpServer(Script script, std::optional<TlsIdentity> identity)
    : m_listener(std::make_unique<Listener>(std::move(script), identity))
    , m_isTls(identity.has_value()) {}

HttpServer::~HttpServer() = default;

std::string HttpServer::url(const std::string& target) const {
    return (m_isTls ? "https" : "http") + std::string("://127.0.0.1:") + std::to_string(m_listener->port()) +
           target;
}

std::vector<ServedRequest> HttpServer::requests() const {
    return m_listener->requests();
}

void HttpServer::goAway() {
    m_listener->stop();
}

void HttpServer::comeBack() {
    m_listener->start(m_listener->port());
}

std::string httpAnswer(int status, const std::string& body, const std::vector<std::string>& headers) {
    std::string answer = "HTTP/1.1 " + std::to_string(status) +
                         " -\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    for (const std::string& header : headers)
        answer += header + "\r\n";
    return answer + "\r\n" + body;
}

std::string fileAnswer(const ServedRequest& request, const std::string& file,
                       const std::vector<std::string>& headers) {
    const auto range = request.headers.find("range");
    if (range == request.headers.end()) return httpAnswer(200, file, headers);
    const std::size_t begin = std::stoul(range->second.substr(std::string("bytes=").size()));
    const std::string total = std::to_string(file.size());
    std::vector<std::string> all = headers;
    if (begin >= file.size()) {
        all.push_back("Content-Range: bytes */" + total);
        return httpAnswer(416, "", all);
    }
    all.push_back("Content-Range: bytes " + std::to_string(begin) + "-" + std::to_string(file.size() - 1) +
                  "/" + total);
    return httpAnswer(206, file.substr(begin), all);
}

} // namespace llamahome::testing
