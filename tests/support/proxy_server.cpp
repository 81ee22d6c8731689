#include "support/proxy_server.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/loopback.h"

namespace llamahome::testing {
namespace {

/// Standard base 64, as credentials are sent.
std::string base64(const std::string& text) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string coded;
    for (std::size_t at = 0; at < text.size(); at += 3) {
        const std::size_t count = std::min<std::size_t>(3, text.size() - at);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits = bits << 8 | (i < count ? static_cast<unsigned char>(text[at + i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            coded += i <= count ? kDigits[bits >> (18 - 6 * i) & 63U] : '=';
    }
    return coded;
}

std::string readHead(int socket) {
    std::string head;
    char byte = 0;
    while (!head.ends_with("\r\n\r\n"))
        if (::recv(socket, &byte, 1, 0) == 1)
            head += byte;
        else
            return {};
    return head;
}

bool sendAll(int socket, const std::string& text) {
    return ::send(socket, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

/// "CONNECT host:80 HTTP/1.1", "GET http://host:80/x HTTP/1.1".
int portOf(const std::string& head) {
    const std::size_t blank = head.find(' ') + 1;
    const std::string target = head.substr(blank, head.find(' ', blank) - blank);
    const std::size_t scheme = target.find("://");
    const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
    const std::size_t colon = target.find(':', host);
    return colon < target.find('/', host) ? std::stoi(target.substr(colon + 1)) : 80;
}

/// The head of a plain request as the server itself is asked.
std::string directHead(std::string head) {
    const std::size_t begin = head.find("http://");
    return head.erase(begin, head.find('/', begin + 7) - begin);
}

} // namespace

class ProxyServer::Listener {
public:
    explicit Listener(ProxyRefusals refusals)
        : m_refusals(std::move(refusals))
        , m_socket(listenOnLoopback(0))
        , m_thread([this] { accept(); }) {}

    ~Listener() {
        ::shutdown(m_socket, SHUT_RDWR);
        m_thread.join();
        {
            const std::lock_guard guard(m_mutex);
            for (const int open : m_open)
                ::shutdown(open, SHUT_RDWR);
        }
        for (std::thread& thread : m_connections)
            thread.join();
        ::close(m_socket);
    }

    int port() const { return portOfSocket(m_socket); }
    std::vector<std::string> heads() const {
        const std::lock_guard guard(m_mutex);
        return m_heads;
    }

private:
    void accept() {
        for (;;) {
            const int client = ::accept4(m_socket, nullptr, nullptr, SOCK_CLOEXEC);
            if (client < 0) return;
            m_connections.emplace_back([this, client] {
                keep(client);
                serve(client);
                drop(client);
            });
        }
    }
    void keep(int socket) {
        const std::lock_guard guard(m_mutex);
        m_open.insert(socket);
    }
    void drop(int socket) {
        const std::lock_guard guard(m_mutex);
        m_open.erase(socket);
        ::close(socket);
    }

    void serve(int client) {
        const std::string head = readHead(client);
        if (head.empty()) return;
        {
            const std::lock_guard guard(m_mutex);
            m_heads.push_back(head);
        }
        const bool isTunnel = head.starts_with("CONNECT ");
        const bool isKnown = m_refusals.credentials.empty() ||
                             head.find("Basic " + base64(m_refusals.credentials)) != std::string::npos;
        if (!isKnown) {
            sendAll(client, "HTTP/1.1 407 -\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n"
                            "Connection: close\r\n\r\n");
            return;
        }
        if (isTunnel && m_refusals.refusesTunnels) {
            sendAll(client, "HTTP/1.1 403 -\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            return;
        }
        const int server = connectToLoopback(portOf(head));
        if (server < 0) return;
        keep(server);
        const bool isBegun =
            isTunnel ? sendAll(client, "HTTP/1.1 200 -\r\n\r\n") : sendAll(server, directHead(head));
        if (isBegun) pump(client, server);
        drop(server);
    }

    /// Until either end is done.
    void pump(int client, int server) const {
        std::array<char, 16 << 10> block{};
        std::uint64_t forClient = 0;
        for (;;) {
            std::array<pollfd, 2> ends{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
            if (::poll(ends.data(), ends.size(), -1) < 0) return;
            for (const std::size_t from : {0U, 1U}) {
                if (ends.at(from).revents == 0) continue;
                const ssize_t count = ::recv(ends.at(from).fd, block.data(), block.size(), 0);
                if (count <= 0) return;
                if (!sendAll(ends.at(1 - from).fd, {block.data(), static_cast<std::size_t>(count)})) return;
                if (from == 1) forClient += static_cast<std::uint64_t>(count);
            }
            if (m_refusals.cutAfterBytes > 0 && forClient >= m_refusals.cutAfterBytes) return;
        }
    }

    ProxyRefusals m_refusals;
    int m_socket;
    mutable std::mutex m_mutex;
    std::set<int> m_open;
    std::vector<std::string> m_heads;
    std::vector<std::thread> m_connections;
    std::thread m_thread;
};

ProxyServer::ProxyServer(ProxyRefusals refusals)
    : m_listener(std::make_unique<Listener>(std::move(refusals))) {}

ProxyServer::~ProxyServer() = default;

std::string ProxyServer::address(const std::string& credentials) const {
    return "http://" + credentials + (credentials.empty() ? "" : "@") +
           "127.0.0.1:" + std::to_string(m_listener->port());
}

std::vector<std::string> ProxyServer::heads() const {
    return m_listener->heads();
}

} // namespace llamahome::testing
