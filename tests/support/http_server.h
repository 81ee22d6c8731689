// A server on loopback that follows a script: right answers, cut ones, resets, silence, endless ones. With or
// without TLS. Its own threads.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace llamahome::testing {

struct ServedRequest {
    std::string target;                         ///< "/simple/torch/"
    std::map<std::string, std::string> headers; ///< names in lower case
    std::string method = "GET";
};

struct ServedAnswer {
    enum class Then {
        Close,
        Reset,
        Silence,
        KeepOpen, ///< for the next request
        Cut,      ///< closed without TLS's goodbye
    };
    std::string bytes; ///< the whole answer, or its head, status line included
    Then then = Then::Close;
    std::uint64_t generatedBytes = 0; ///< so many follow, made by `generate`
    std::function<void(std::uint64_t offset, std::span<char> bytes)> generate = {};
    int millisecondsEach = 0; ///< one byte after another with such a pause; 0: as fast as may be
};

/// A certificate with its key, both PEM.
struct TlsIdentity {
    std::string certificate;
    std::string key;
    bool isOldTls = false; ///< speaks TLS 1.0 and nothing newer
};

class HttpServer {
public:
    /// Called for each request, one after another.
    using Script = std::function<ServedAnswer(const ServedRequest&)>;

    /// Listens on 127.0.0.1, any port, until it is destroyed.
    explicit HttpServer(Script script, std::optional<TlsIdentity> identity = {});
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// "http://127.0.0.1:PORT" + `target`, or https.
    std::string url(const std::string& target) const;
    /// What has been asked so far, in order.
    std::vector<ServedRequest> requests() const;

    /// Refuses connections, until comeBack() listens on the same port.
    void goAway();
    void comeBack();

private:
    class Listener;
    std::unique_ptr<Listener> m_listener;
    bool m_isTls;
};

/// "HTTP/1.1 STATUS …" with a Content-Length and `headers` ("Name: value").
std::string httpAnswer(int status, const std::string& body, const std::vector<std::string>& headers = {});

/// The file as a good server gives it: 200, 206 from where the request wants it, or 416.
std::string fileAnswer(const ServedRequest& request, const std::string& file,
                       const std::vector<std::string>& headers = {});

} // namespace llamahome::testing
