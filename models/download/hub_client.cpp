#include "download/hub_client.h"

#include <algorithm>
#include <optional>

#include "core/ascii.h"
#include "core/clock.h"
#include "core/error_codes.h"
#include "core/json_field.h"
#include "core/log.h"
#include "core/shown_text.h"
#include "download/answer_rules.h"
#include "download/http_get.h"

namespace llamahome::download {
namespace {

constexpr std::size_t kMaxRefusalBytes = 64U << 10;
constexpr std::size_t kMaxIdPartBytes = 96;
constexpr std::size_t kMaxWhoBytes = 1U << 20;
constexpr std::string_view kTokenPage = "https://huggingface.co/settings/tokens";

bool isIdPart(std::string_view part) {
    const auto isInner = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '_' || c == '-';
    };
    return !part.empty() && part.size() <= kMaxIdPartBytes && part.front() != '.' && part.front() != '-' &&
           part.find("..") == std::string_view::npos && std::all_of(part.begin(), part.end(), isInner);
}

/// Takes an answer whatever its status: up to the limit where it is 200, else as much as a refusal needs.
class HubSink final : public network::HttpSink {
public:
    explicit HubSink(std::size_t maxBytes)
        : m_maxBytes(maxBytes) {}

    Result<void> begin(const network::HttpResponse& response) override {
        m_response = response;
        m_text.clear();
        return {};
    }
    Result<void> body(std::span<const std::byte> bytes) override {
        const std::size_t limit = m_response.status == 200 ? m_maxBytes : kMaxRefusalBytes;
        const std::size_t room = limit - std::min(limit, m_text.size());
        if (bytes.size() > room && m_response.status == 200)
            return Error{codes::kHttpBody, "the answer is longer than " + std::to_string(m_maxBytes) +
                                               " bytes and was refused"};
        m_text.append(reinterpret_cast<const char*>(bytes.data()), std::min(room, bytes.size()));
        return {};
    }
    const network::HttpResponse& response() const { return m_response; }
    std::string& text() { return m_text; }

private:
    std::size_t m_maxBytes;
    network::HttpResponse m_response;
    std::string m_text;
};

/// What the Hub says in words: the header, else the body's {"error": …}.
std::string hubMessage(const network::HttpResponse& response, std::string_view body) {
    if (std::string said = response.header("x-error-message"); !said.empty()) return said;
    const auto json = parseJson(body, "answer", {16, kMaxRefusalBytes});
    return json ? stringField(*json, "error") : std::string();
}

/// For a report to the Hub's people: what it said, and under which number.
std::string detailOf(const network::HttpResponse& response, const std::string& said) {
    std::string detail = "status " + std::to_string(response.status);
    if (!said.empty()) detail += ", " + quotedText(redactSecrets(said));
    if (const std::string number = response.header("x-request-id"); !number.empty())
        detail += ", request " + quotedText(number);
    return detail;
}

std::string pageOf(const HubSubject& subject) {
    std::string page(kHubSite);
    page += '/';
    return page += subject.id;
}

Error notFoundOrToken(const HubAccess& access, const HubSubject& subject, const std::string& detail) {
    const std::string where = subject.id + ": not found at " + access.endpoint;
    if (access.token.empty())
        return {codes::kHubNotFound,
                where + ", or it needs a token; check the name, or accept the licence at " + pageOf(subject) +
                    " and set HF_TOKEN to a token from " + std::string(kTokenPage),
                detail};
    return {codes::kHubNotFound,
            where + " with this token; check the name, or whether " + pageOf(subject) +
                " opens for the account of the token",
            detail};
}

Error gated(const HubAccess& access, const HubSubject& subject, const std::string& detail) {
    std::string next = "open " + pageOf(subject) + ", accept the licence there";
    next += access.token.empty()
                ? " and set HF_TOKEN to a token from " + std::string(kTokenPage)
                : " with the account of the token, wait for the approval where one is needed, and try again";
    return {codes::kHubGated, subject.id + ": its licence is not accepted yet; " + next, detail};
}

/// What the codes and words of a refusal mean; nothing where the status alone decides.
std::optional<Error> knownRefusal(const network::HttpResponse& response, const std::string& said,
                                  const HubAccess& access, const HubSubject& subject) {
    const std::string code = response.header("x-error-code");
    const std::string detail = detailOf(response, said);
    const int status = response.status;
    if (said.find("Access to this resource is disabled") != std::string::npos)
        return Error{codes::kHubDisabled,
                     subject.id + ": the Hub has disabled access to it; take another model", detail};
    if (status == 401 && lowerAscii(said).find("invalid credentials") != std::string::npos)
        return Error{codes::kHubToken,
                     access.endpoint + " refuses the token: it is wrong or has expired; make a new one at " +
                         std::string(kTokenPage) + " and set HF_TOKEN to it",
                     detail};
    if ((status == 401 || status == 403) && code == "GatedRepo") return gated(access, subject, detail);
    if (status == 404 && code == "RevisionNotFound")
        return Error{codes::kHubRevision,
                     subject.id + ": has no revision " + quotedText(subject.revision) +
                         "; expected a branch, a tag or a commit, see " + pageOf(subject),
                     detail};
    if (status == 404 && (code == "EntryNotFound" || !subject.file.empty()) && code != "RepoNotFound")
        return Error{codes::kHubEntry,
                     subject.id + ": the Hub lists " + quotedText(subject.file) +
                         " and does not have it; try again later",
                     detail};
    if (status == 401 || status == 404 || code == "RepoNotFound")
        return notFoundOrToken(access, subject, detail);
    if (status == 403)
        return Error{codes::kHubToken,
                     subject.id + ": the token may not read it; give it the right to read " +
                         "public gated repositories at " + std::string(kTokenPage) +
                         ", or take another token",
                     detail};
    return std::nullopt;
}

} // namespace

Result<std::string> hubEndpoint(std::string_view setting, bool allowsPlain) {
    std::string endpoint(setting);
    while (endpoint.ends_with('/'))
        endpoint.pop_back();
    const auto allowed = checkAddress(endpoint, allowsPlain);
    if (!allowed) return allowed.error().within("model.hub.endpoint (HF_ENDPOINT)");
    if (endpoint.find_first_of("?#") != std::string::npos)
        return Error{codes::kAddressRefused,
                     "model.hub.endpoint (HF_ENDPOINT): found an address with ? or # in it, expected one "
                     "such as https://huggingface.co"};
    return endpoint;
}

bool isHubId(std::string_view text) {
    const std::size_t slash = text.find('/');
    return slash != std::string_view::npos && isIdPart(text.substr(0, slash)) &&
           isIdPart(text.substr(slash + 1));
}

bool isCommit(std::string_view text) {
    return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Error hubRefusal(const network::HttpResponse& response, std::string_view body, const HubAccess& access,
                 const HubSubject& subject) {
    const std::string said = hubMessage(response, body);
    if (auto known = knownRefusal(response, said, access, subject)) return *known;
    Error error = statusError(response).within(access.endpoint);
    error.detail = detailOf(response, said);
    return error;
}

bool isTokenWanted(std::string_view code) {
    return code == codes::kHubNotFound.text || code == codes::kHubGated.text || code == codes::kHubToken.text;
}

Error notTheHub(const HubAccess& access, const std::string& found) {
    return {codes::kNotTheHub,
            access.endpoint + ": something between you and the Hub answered instead: found " + found +
                ", expected the Hub's own answer; does this network want a login in a browser, or is the "
                "address of the Hub (HF_ENDPOINT) wrong?"};
}

std::map<std::string, std::string> hubHeaders(const HubAccess& access) {
    if (access.token.empty() || !isPrivate(access.endpoint)) return {};
    return {{"Authorization", "Bearer " + access.token}};
}

Result<HubAnswer> askHub(network::Transport& transport, const HubAccess& access, const std::string& url,
                         std::size_t maxBytes, const HubSubject& subject, const Pause& pause,
                         const CancelToken& cancel) {
    Retries retries(pause);
    for (;;) {
        HubSink sink(maxBytes);
        const auto response = getFollowing(transport, {url, hubHeaders(access)}, sink, cancel);
        const int status = response ? response->status : sink.response().status;
        if (response && status == 200) return HubAnswer{*response, std::move(sink.text())};
        const Error error = response ? hubRefusal(*response, sink.text(), access, subject) : response.error();
        const FailedTry failed{error, status, pauseAsked(sink.response(), systemClock().now())};
        if (auto end = retries.giveUp(failed, cancel)) return *end;
    }
}

Result<std::string> whoAmI(network::Transport& transport, const HubAccess& access, const Pause& pause,
                           const CancelToken& cancel) {
    const auto answer = askHub(transport, access, access.endpoint + "/api/whoami-v2", kMaxWhoBytes,
                               {"the token"}, pause, cancel);
    if (!answer && answer.error().code == codes::kHubNotFound) // any 401 means the token here
        return Error{codes::kHubToken,
                     access.endpoint + " does not know this token; make one at " + std::string(kTokenPage),
                     answer.error().detail};
    if (!answer) return answer.error();
    const auto json = parseJson(answer->text, "answer", {32, kMaxWhoBytes});
    if (!json || !json->is_object()) return notTheHub(access, "an answer that is no object");
    const auto name = json->find("name");
    if (name == json->end() || !name->is_string()) return notTheHub(access, "an answer without a name");
    return quotedText(name->get<std::string>());
}

} // namespace llamahome::download
