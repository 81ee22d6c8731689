// A server on loopback that follows a script: right answers, cut ones, resets, silence. Its own threads.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace llamahome::testing {

struct ServedRequest {
    std::string target;                         ///< "/simple/torch/"
    std::map<std::string, std::string> headers; ///< names in lower case
};

struct ServedAnswer {
    enum class Then { Close, Reset, Silence };
    std::string bytes; ///< the whole answer, status line included
    Then then = Then::Close;
};

class HttpServer {
public:
    /// Called for each request, one after another.
    using Script = std::function<ServedAnswer(const ServedRequest&)>;

    /// Listens on 127.0.0.1, any port, until it is destroyed.
    explicit HttpServer(Script script);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// "http://127.0.0.1:PORT" + `target`.
    std::string url(const std::string& target) const;
    /// What has been asked so far, in order.
    std::vector<ServedRequest> requests() const;

private:
    class Listener;
    std::unique_ptr<Listener> m_listener;
};

/// "HTTP/1.1 STATUS …" with a Content-Length and `headers` ("Name: value").
std::string httpAnswer(int status, const std::string& body, const std::vector<std::string>& headers = {});

/// The file as a good server gives it: 200, 206 from where the request wants it, or 416.
std::string fileAnswer(const ServedRequest& request, const std::string& file);

} // namespace llamahome::testing
