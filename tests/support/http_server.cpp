#include "support/http_server.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace llamahome::testing {
namespace {

std::string lowerCase(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

ServedRequest parseRequest(const std::string& head) {
    ServedRequest request;
    const auto firstBlank = head.find(' ') + 1;
    request.target = head.substr(firstBlank, head.find(' ', firstBlank) - firstBlank);
    for (auto line = head.find("\r\n") + 2; line < head.size();) {
        const auto end = head.find("\r\n", line);
        const auto colon = head.find(": ", line);
        if (end == line || colon > end) break;
        request.headers[lowerCase(head.substr(line, colon - line))] = head.substr(colon + 2, end - colon - 2);
        line = end + 2;
    }
    return request;
}

} // namespace

class HttpServer::Listener {
public:
    explicit Listener(Script script)
        : m_script(std::move(script))
        , m_socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* general = reinterpret_cast<sockaddr*>(&address);
        if (::bind(m_socket, general, length) != 0 || ::listen(m_socket, 16) != 0 ||
            ::getsockname(m_socket, general, &length) != 0)
            throw std::runtime_error("no socket on loopback");
        m_port = ntohs(address.sin_port);
        m_thread = std::thread([this] { accept(); });
    }

    ~Listener() {
        {
            const std::lock_guard lock(m_mutex);
            m_isOver = true;
        }
        m_changed.notify_all();
        ::shutdown(m_socket, SHUT_RDWR);
        m_thread.join();
        for (std::thread& thread : m_connections)
            thread.join();
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

    void serve(int connection) {
        std::string head;
        char block[4096];
        while (head.find("\r\n\r\n") == std::string::npos) {
            const ssize_t count = ::recv(connection, block, sizeof block, 0);
            if (count <= 0) break;
            head.append(block, static_cast<std::size_t>(count));
        }
        if (head.find("\r\n\r\n") != std::string::npos) answer(connection, parseRequest(head));
        ::close(connection);
    }

    void answer(int connection, const ServedRequest& request) {
        ServedAnswer answer;
        {
            const std::lock_guard lock(m_mutex);
            m_requests.push_back(request);
            answer = m_script(request);
        }
        std::size_t sent = 0;
        while (sent < answer.bytes.size()) {
            const ssize_t count =
                ::send(connection, answer.bytes.data() + sent, answer.bytes.size() - sent, MSG_NOSIGNAL);
            if (count <= 0) return;
            sent += static_cast<std::size_t>(count);
        }
        if (answer.then == ServedAnswer::Then::Silence) {
            std::unique_lock lock(m_mutex);
            m_changed.wait(lock, [this] { return m_isOver; });
        }
        const linger atOnce{answer.then == ServedAnswer::Then::Reset ? 1 : 0, 0};
        ::setsockopt(connection, SOL_SOCKET, SO_LINGER, &atOnce, sizeof atOnce);
    }

    Script m_script;
    int m_socket;
    int m_port = 0;
    mutable std::mutex m_mutex;
    std::condition_variable m_changed;
    bool m_isOver = false;
    std::vector<ServedRequest> m_requests;
    std::vector<std::thread> m_connections;
    std::thread m_thread;
};

HttpServer::HttpServer(Script script)
    : m_listener(std::make_unique<Listener>(std::move(script))) {}

HttpServer::~HttpServer() = default;

std::string HttpServer::url(const std::string& target) const {
    return "http://127.0.0.1:" + std::to_string(m_listener->port()) + target;
}

std::vector<ServedRequest> HttpServer::requests() const {
    return m_listener->requests();
}

std::string httpAnswer(int status, const std::string& body, const std::vector<std::string>& headers) {
    std::string answer = "HTTP/1.1 " + std::to_string(status) +
                         " -\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    for (const std::string& header : headers)
        answer += header + "\r\n";
    return answer + "\r\n" + body;
}

std::string fileAnswer(const ServedRequest& request, const std::string& file) {
    const auto range = request.headers.find("range");
    if (range == request.headers.end()) return httpAnswer(200, file);
    const std::size_t begin = std::stoul(range->second.substr(std::string("bytes=").size()));
    const std::string total = std::to_string(file.size());
    if (begin >= file.size()) return httpAnswer(416, "", {"Content-Range: bytes */" + total});
    return httpAnswer(206, file.substr(begin),
                      {"Content-Range: bytes " + std::to_string(begin) + "-" +
                       std::to_string(file.size() - 1) + "/" + total});
}

} // namespace llamahome::testing
