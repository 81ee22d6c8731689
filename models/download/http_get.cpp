#include "download/http_get.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/ascii.h"
#include "core/clock.h"
#include "core/error_codes.h"
#include "core/shown_text.h"
#include "download/answer_rules.h"

namespace llamahome::download {
namespace {

constexpr int kMaxRedirects = 10;
constexpr std::size_t kMaxRedirectBytes = 1U << 20;
constexpr std::string_view kSafe = "https://";
constexpr std::string_view kPlain = "http://";
constexpr std::array<std::string_view, 3> kThisMachine{"127.0.0.1", "localhost", "[::1]"};
constexpr std::array<const char*, 6> kNamesForReports{"x-error-code",    "x-error-message", "x-request-id",
                                                      "x-amzn-trace-id", "x-amz-cf-id",     "retry-after"};

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

/// The host of an authority, in lower case and without port and brackets.
std::string hostOf(std::string_view authority) {
    if (authority.starts_with('[')) return lowerAscii(authority.substr(1, authority.find(']') - 1));
    return lowerAscii(authority.substr(0, authority.find(':')));
}

/// The four numbers of "10.0.0.1"; nothing for a name.
std::optional<std::array<int, 4>> ipv4(std::string_view host) {
    std::array<int, 4> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto end = std::min(host.find('.'), host.size());
        const auto value = wholeNumber(host.substr(0, end));
        if (!value || *value > 255 || (i < 3) != (end < host.size())) return std::nullopt;
        numbers.at(i) = static_cast<int>(*value);
        host.remove_prefix(std::min(host.size(), end + 1));
    }
    return numbers;
}

/// Whether an address leads to this machine, or to one that only its own network can reach.
bool isInside(std::string_view authority) {
    std::string host = hostOf(authority);
    if (host.starts_with("::ffff:")) host.erase(0, 7);
    if (host == "localhost" || host.ends_with(".localhost") || host == "::1" || host == "::") return true;
    if (authority.starts_with('[') &&
        (host.starts_with("fe8") || host.starts_with("fc") || host.starts_with("fd")))
        return true;
    const auto found = ipv4(host);
    if (!found) return false;
    const auto [a, b, c, d] = *found;
    return a == 0 || a == 10 || a == 127 || (a == 100 && b >= 64 && b < 128) || (a == 169 && b == 254) ||
           (a == 172 && b >= 16 && b < 32) || (a == 192 && b == 168);
}

/// Hands on what is no redirect.
class FinalAnswer final : public network::HttpSink {
public:
    explicit FinalAnswer(network::HttpSink& sink)
        : m_sink(sink) {}

    Result<void> begin(const network::HttpResponse& response) override {
        m_isRedirect = !response.redirect.empty();
        m_redirectBytes = 0;
        return m_isRedirect ? Result<void>() : m_sink.begin(response);
    }
    Result<void> body(std::span<const std::byte> bytes) override {
        if (!m_isRedirect) return m_sink.body(bytes);
        m_redirectBytes += bytes.size();
        if (m_redirectBytes <= kMaxRedirectBytes) return {};
        return Error{codes::kHttpRedirect, "a redirect that never ends was given up"};
    }

private:
    network::HttpSink& m_sink;
    bool m_isRedirect = false;
    std::size_t m_redirectBytes = 0;
};

class TextSink final : public network::HttpSink {
public:
    explicit TextSink(std::size_t maxBytes)
        : m_maxBytes(maxBytes) {}

    Result<void> begin(const network::HttpResponse& response) override {
        m_answer = response;
        m_text.clear();
        if (response.status != 200) return statusError(response);
        if (const std::string packing = response.header("content-encoding");
            !packing.empty() && packing != "identity")
            return Error{codes::kHttpBody,
                         "the answer comes packed as " + packing + ", expected the text as it is"};
        return {};
    }
    Result<void> body(std::span<const std::byte> bytes) override {
        if (bytes.size() > m_maxBytes - m_text.size())
            return Error{codes::kHttpBody, "the answer is longer than " + std::to_string(m_maxBytes) +
                                               " bytes and was refused"};
        m_text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return {};
    }
    const network::HttpResponse& answer() const { return m_answer; }
    std::string takeText() { return std::move(m_text); }

private:
    std::size_t m_maxBytes;
    network::HttpResponse m_answer;
    std::string m_text;
};

constexpr std::array<std::string_view, 5> kForEveryHost{"accept", "accept-encoding", "if-range", "range",
                                                        "user-agent"};

void keepWhatEveryHostMaySee(network::HttpRequest& request) {
    std::erase_if(request.headers, [](const auto& header) {
        const std::string name = lowerAscii(header.first);
        return std::find(kForEveryHost.begin(), kForEveryHost.end(), name) == kForEveryHost.end();
    });
}

/// Follows redirects; `request.url` is the address that answered afterwards.
Result<network::HttpResponse> follow(network::Transport& transport, network::HttpRequest& request,
                                     network::HttpSink& sink, const CancelToken& cancel,
                                     const OriginHeader& forOne) {
    if (auto allowed = checkAddress(request.url, transport.allowsPlain()); !allowed) return allowed.error();
    FinalAnswer answer(sink);
    for (int redirects = 0; redirects <= kMaxRedirects; ++redirects) {
        network::HttpRequest step = request;
        if (!forOne.name.empty() && originOf(step.url) == forOne.origin)
            step.headers[forOne.name] = forOne.value;
        auto response = transport.get(step, answer, cancel);
        if (!response || response->redirect.empty()) return response;
        if (auto allowed = checkStep(request.url, response->redirect); !allowed) return allowed.error();
        if (originOf(request.url) != originOf(response->redirect)) keepWhatEveryHostMaySee(request);
        request.url = response->redirect;
    }
    return Error{codes::kHttpRedirect, originOf(request.url) + ": more than " +
                                           std::to_string(kMaxRedirects) +
                                           " redirects, one after another; the server leads in circles"};
}

} // namespace

bool isOnThisMachine(std::string_view url) {
    return namesThisMachine(authorityOf(url));
}

bool isPrivate(std::string_view url) {
    return url.starts_with(kSafe) || isOnThisMachine(url);
}

std::string originOf(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == std::string_view::npos) return "an address without a scheme";
    std::string_view host = url.substr(scheme + 3);
    host = host.substr(0, host.find_first_of("/?#"));
    const auto user = host.rfind('@');
    return std::string(url.substr(0, scheme + 3)) +
           std::string(user == std::string_view::npos ? host : host.substr(user + 1));
}

Result<void> checkAddress(std::string_view url, bool allowsPlain) {
    const std::string_view authority = authorityOf(url);
    if (authority.find('@') != std::string_view::npos)
        return Error{codes::kAddressRefused,
                     "address: found one with a user name or password in it, expected "
                     "one without; take out what stands before the @"};
    const bool isPlain = url.starts_with(kPlain);
    if (!authority.empty() && (!isPlain || allowsPlain || namesThisMachine(authority))) return {};
    if (!authority.empty())
        return Error{codes::kAddressRefused,
                     "address: found " + originOf(url) +
                         ", expected one that begins with https://; without it anybody on the way can read "
                         "and change what is fetched. `llamahome config edit model.hub.plain_http=true` "
                         "allows it all the same"};
    return Error{codes::kAddressRefused,
                 "address: found " + originOf(url) + ", expected one that begins with https://"};
}

Result<void> checkStep(std::string_view from, std::string_view to) {
    const bool isSameHost = from.starts_with(kPlain) && originOf(from) == originOf(to);
    const auto allowed = checkAddress(to, isSameHost);
    if (!allowed)
        return Error{codes::kHttpRedirect, allowed.error().within(originOf(from) + " leads on").message};
    if (from.starts_with(kSafe) && !to.starts_with(kSafe))
        return Error{codes::kHttpRedirect,
                     originOf(from) + " leads to " + originOf(to) +
                         ", which is not safe (no https); nothing was fetched from there"};
    if (isInside(authorityOf(to)) && !isInside(authorityOf(from)))
        return Error{codes::kHttpRedirect,
                     originOf(from) + " leads to " + originOf(to) +
                         ", which is inside this network; nothing was fetched from there"};
    return {};
}

Result<network::HttpResponse> getFollowing(network::Transport& transport, network::HttpRequest request,
                                           network::HttpSink& sink, const CancelToken& cancel,
                                           const OriginHeader& forOne) {
    return follow(transport, request, sink, cancel, forOne);
}

Result<TextAnswer> getText(network::Transport& transport, const network::HttpRequest& request,
                           std::size_t maxBytes, const Pause& pause, const CancelToken& cancel) {
    Retries retries(pause);
    for (;;) {
        TextSink sink(maxBytes);
        network::HttpRequest way = request;
        auto response = follow(transport, way, sink, cancel, {});
        if (response) return TextAnswer{std::move(*response), way.url, sink.takeText()};
        const bool hadAnswer =
            response.error().code == codes::kHttpStatus || response.error().code == codes::kHttpBody;
        const Error error = hadAnswer ? response.error().within(request.url) : response.error();
        const auto asked = pauseAsked(sink.answer(), systemClock().now());
        if (auto end = retries.giveUp({error, sink.answer().status, asked}, cancel)) return *end;
    }
}

Error statusError(const network::HttpResponse& response) {
    const int status = response.status;
    std::string text = "the server answered " + std::to_string(status);
    if (status == 404 || status == 410)
        text += ", there is no such file";
    else if (status == 401 || status == 403)
        text += ", it does not give this to everybody";
    else if (status == 407)
        text += ", the proxy wants a name and password; set them in the proxy's address";
    else if (status == 429)
        text += ", too many requests; try again later";
    else if (status >= 500)
        text += ", it has a fault of its own; try again later";
    else
        text += ", expected 200";
    std::string detail = "status: " + std::to_string(status);
    for (const char* name : kNamesForReports)
        if (const std::string value = response.header(name); !value.empty())
            detail += "\n" + std::string(name) + ": " + quotedText(value);
    return {codes::kHttpStatus, text, detail};
}

} // namespace llamahome::download
