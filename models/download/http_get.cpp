#include "download/http_get.h"

#include <algorithm>
#include <array>

#include "core/error_codes.h"

namespace llamahome::download {
namespace {

constexpr int kMaxRedirects = 10;
constexpr std::string_view kSafe = "https://";
constexpr std::string_view kPlain = "http://";
constexpr std::array<std::string_view, 3> kThisMachine{"127.0.0.1", "localhost", "[::1]"};

/// What stands between scheme and path; empty for another scheme than http and https.
std::string_view authorityOf(std::string_view url) {
    for (const std::string_view scheme : {kSafe, kPlain})
        if (url.starts_with(scheme)) {
            const std::string_view rest = url.substr(scheme.size());
            return rest.substr(0, rest.find_first_of("/?#"));
        }
    return {};
}

bool namesThisMachine(std::string_view authority) {
    return std::any_of(kThisMachine.begin(), kThisMachine.end(), [authority](std::string_view host) {
        return authority == host || (authority.starts_with(host) && authority.substr(host.size(), 1) == ":");
    });
}

/// Hands on what is no redirect, and remembers where a redirect leads.
class FinalAnswer final : public network::HttpSink {
public:
    explicit FinalAnswer(network::HttpSink& sink)
        : m_sink(sink) {}

    Result<void> begin(const network::HttpResponse& response) override {
        m_isRedirect = !response.redirect.empty();
        return m_isRedirect ? Result<void>() : m_sink.begin(response);
    }
    Result<void> body(std::span<const std::byte> bytes) override {
        return m_isRedirect ? Result<void>() : m_sink.body(bytes);
    }

private:
    network::HttpSink& m_sink;
    bool m_isRedirect = false;
};

class TextSink final : public network::HttpSink {
public:
    TextSink(std::string_view what, std::size_t maxBytes)
        : m_what(what)
        , m_maxBytes(maxBytes) {}

    Result<void> begin(const network::HttpResponse& response) override {
        if (response.status != 200) return statusError(m_what, response.status);
        return {};
    }
    Result<void> body(std::span<const std::byte> bytes) override {
        if (bytes.size() > m_maxBytes - m_text.size())
            return Error{codes::kHttpBody, m_what + ": the answer is longer than " +
                                               std::to_string(m_maxBytes) + " bytes and was refused"};
        m_text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return {};
    }
    std::string takeText() { return std::move(m_text); }

private:
    std::string m_what;
    std::size_t m_maxBytes;
    std::string m_text;
};

/// Follows redirects; `request.url` is the address that answered afterwards.
Result<network::HttpResponse> follow(network::Transport& transport, network::HttpRequest& request,
                                     network::HttpSink& sink, const CancelToken& cancel) {
    if (auto allowed = checkAddress(request.url); !allowed) return allowed.error();
    FinalAnswer answer(sink);
    for (int redirects = 0; redirects <= kMaxRedirects; ++redirects) {
        auto response = transport.get(request, answer, cancel);
        if (!response || response->redirect.empty()) return response;
        const bool wasSafe = request.url.starts_with(kSafe);
        if (!checkAddress(response->redirect) || (wasSafe && !response->redirect.starts_with(kSafe)))
            return Error{codes::kHttpRedirect,
                         request.url + ": leads to " + response->redirect +
                             ", which is not an https address; nothing was fetched from there"};
        request.url = response->redirect;
    }
    return Error{codes::kHttpRedirect, request.url + ": more than " + std::to_string(kMaxRedirects) +
                                           " redirects, one after another; the server leads in circles"};
}

} // namespace

bool isOnThisMachine(std::string_view url) {
    return namesThisMachine(authorityOf(url));
}

Result<void> checkAddress(std::string_view url) {
    const std::string_view authority = authorityOf(url);
    if (authority.find('@') != std::string_view::npos)
        return Error{codes::kAddressRefused,
                     "address: found one with a user name or password in it, expected "
                     "one without; take out what stands before the @"};
    if (!authority.empty() && (url.starts_with(kSafe) || namesThisMachine(authority))) return {};
    return Error{codes::kAddressRefused,
                 "address: found '" + std::string(url) + "', expected one that begins with https://"};
}

Result<network::HttpResponse> getFollowing(network::Transport& transport, network::HttpRequest request,
                                           network::HttpSink& sink, const CancelToken& cancel) {
    return follow(transport, request, sink, cancel);
}

Result<TextAnswer> getText(network::Transport& transport, const network::HttpRequest& request,
                           std::size_t maxBytes, const CancelToken& cancel) {
    TextSink sink(request.url, maxBytes);
    network::HttpRequest way = request;
    auto response = follow(transport, way, sink, cancel);
    if (!response) return response.error();
    return TextAnswer{std::move(*response), way.url, sink.takeText()};
}

Error statusError(std::string_view what, int status) {
    std::string text = std::string(what) + ": the server answered " + std::to_string(status);
    if (status == 404 || status == 410)
        text += ", there is no such file";
    else if (status == 401 || status == 403)
        text += ", it does not give this to everybody";
    else if (status == 429)
        text += ", too many requests; try again later";
    else if (status >= 500)
        text += ", it has a fault of its own; try again later";
    else
        text += ", expected 200";
    return {codes::kHttpStatus, text};
}

} // namespace llamahome::download
