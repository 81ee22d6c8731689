#include "support/hub_server.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <stdexcept>

#include "core/ascii.h"
#include "core/digest.h"
#include "core/file_layer.h"
#include "core/hash.h"
#include "core/json.h"

namespace llamahome::testing {
namespace fs = std::filesystem;
namespace {

constexpr const char* kApi = "/api/models/";
constexpr const char* kJsonType = "Content-Type: application/json; charset=utf-8";

bool isLarge(const std::string& path) {
    return path.ends_with(".safetensors") || path.ends_with(".bin") || path.ends_with(".gguf") ||
           path.ends_with(".pth");
}

std::string tokenOf(const ServedRequest& request) {
    constexpr std::string_view kBearer = "Bearer ";
    const auto found = request.headers.find("authorization");
    if (found == request.headers.end() || !found->second.starts_with(kBearer)) return {};
    return found->second.substr(kBearer.size());
}

ServedAnswer json(int status, const Json& body, std::vector<std::string> headers = {}) {
    headers.emplace_back(kJsonType);
    return {httpAnswer(status, writeJson(body), headers)};
}

ServedAnswer refusal(int status, const std::string& code, const std::string& message) {
    std::vector<std::string> headers{"X-Error-Message: " + message, "X-Request-Id: Root=1-canary"};
    if (!code.empty()) headers.push_back("X-Error-Code: " + code);
    return json(status, Json{{"error", message}}, headers);
}

std::string decoded(const std::string& text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            plain += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
            i += 2;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

/// Where the second host has a file.
std::string storeTarget(const std::string& bytes) {
    return "/" + sha256Hex(bytes) + "?" + HubServer::kSignature;
}

/// Status, headers and the place of the body of an answer in `bytes`.
network::HttpResponse parsedAnswer(const std::string& bytes, const std::string& url, std::size_t& body) {
    network::HttpResponse response;
    response.url = url;
    const auto blank = bytes.find(' ') + 1;
    std::from_chars(bytes.data() + blank, bytes.data() + bytes.size(), response.status);
    for (auto line = bytes.find("\r\n") + 2; line < bytes.size();) {
        const auto end = bytes.find("\r\n", line);
        body = end + 2;
        if (end == line) break;
        const auto colon = bytes.find(": ", line);
        response.headers[lowerAscii(bytes.substr(line, colon - line))] =
            bytes.substr(colon + 2, end - colon - 2);
        line = end + 2;
    }
    response.redirect = response.status / 100 == 3 ? response.header("location") : std::string();
    return response;
}

/// Cuts "owner/name" off the front of `rest`.
std::string takeId(std::string& rest) {
    const std::size_t slash = rest.find('/', rest.find('/') + 1);
    std::string id = rest.substr(0, slash);
    rest.erase(0, slash == std::string::npos ? slash : slash + 1);
    return id;
}

} // namespace

std::string hubHash(const std::string& path, const std::string& bytes) {
    if (isLarge(path)) return sha256Hex(bytes);
    Digest digest(DigestKind::Sha1);
    digest.update("blob " + std::to_string(bytes.size()) + std::string(1, '\0'));
    digest.update(bytes);
    return digest.hex();
}

HubServer::HubServer(const std::optional<TlsIdentity>& identity, Reach reach) {
    if (reach == Reach::Direct) return;
    for (const HubHost host : {HubHost::First, HubHost::Second})
        m_servers[host] = std::make_unique<HttpServer>(
            [this, host](const ServedRequest& request) { return serve(host, request); }, identity);
}

HubModel& HubServer::addFolder(const std::string& id, const fs::path& folder) {
    HubModel& model = models[id];
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file()) continue;
        auto bytes = readFile(entry.path());
        if (!bytes) throw std::runtime_error(bytes.error().message);
        model.files[entry.path().lexically_relative(folder).string()] = std::move(*bytes);
    }
    return model;
}

std::size_t HubServer::countOf(const std::string& text) const {
    std::size_t count = 0;
    for (const auto& requests : {hubRequests(), storeRequests()})
        for (const ServedRequest& request : requests)
            if (request.target.find(text) != std::string::npos) ++count;
    return count;
}

void HubServer::spoil(Spoil spoil) {
    const std::lock_guard guard(m_mutex);
    m_spoil = std::move(spoil);
    m_numbers.clear();
    m_requests = 0;
}

std::string HubServer::urlOf(HubHost host, const std::string& target) const {
    if (m_servers.empty())
        return (host == HubHost::First ? "http://127.0.0.1:1" : "http://127.0.0.1:2") + target;
    return m_servers.at(host)->url(target);
}

download::RemoteSet HubServer::set(const std::string& id) const {
    const HubModel& model = models.at(id);
    download::RemoteSet set{"the hub", id, model.commit, {}, {}};
    set.headers = {{"Authorization", std::string("Bearer ") + kLicensedToken}};
    for (const auto& [path, bytes] : model.files) {
        const auto kind = isLarge(path) ? download::HashKind::Sha256 : download::HashKind::GitBlobSha1;
        set.files.push_back({path,
                             urlOf(HubHost::First, "/" + id + "/resolve/" + model.commit + "/" + path),
                             bytes.size(),
                             {kind, hubHash(path, bytes)}});
    }
    return set;
}

int HubServer::requests() const {
    const std::lock_guard guard(m_mutex);
    return m_requests;
}

int HubServer::leaks() const {
    const std::lock_guard guard(m_mutex);
    return m_leaks;
}

void HubServer::noteLeaks(HubHost host, const ServedRequest& request) {
    const auto holds = [host](const std::string& text) {
        if (host == HubHost::First) return text.find(kSignature) != std::string::npos;
        return text.find(kLicensedToken) != std::string::npos || text.find(kOtherToken) != std::string::npos;
    };
    m_leaks += holds(request.target) || std::any_of(request.headers.begin(), request.headers.end(),
                                                    [&](const auto& header) { return holds(header.second); });
}

ServedAnswer HubServer::serve(HubHost host, const ServedRequest& request) {
    {
        const std::lock_guard guard(m_mutex);
        ++m_requests;
        noteLeaks(host, request);
    }
    if (fault)
        if (auto instead = fault(request)) return *instead;
    HubExchange exchange;
    exchange.host = host;
    exchange.request = request;
    host == HubHost::First ? answerAsHub(exchange) : answerAsStore(exchange);
    const std::lock_guard guard(m_mutex);
    exchange.number = ++m_numbers[{host, exchange.path}];
    if (m_spoil) m_spoil(exchange);
    return exchange.answer;
}

void HubServer::answerAsHub(HubExchange& exchange) const {
    const std::string& target = exchange.request.target;
    const std::string token = tokenOf(exchange.request);
    const auto answer = [&exchange](ServedAnswer given) { exchange.answer = std::move(given); };
    if (!token.empty() && token != kLicensedToken && token != kOtherToken)
        return answer(refusal(401, "", "Invalid credentials in Authorization header"));
    if (target == "/api/whoami-v2")
        return answer(token.empty() ? refusal(401, "", "Unauthorized")
                                    : json(200, Json{{"name", "somebody"}}));
    const bool isApi = target.starts_with(kApi);
    std::string rest = target.substr(isApi ? std::string(kApi).size() : 1);
    const std::string id = takeId(rest);
    const auto model = models.find(id);
    if (model == models.end() || (model->second.isHidden && token != kLicensedToken))
        return answer(refusal(token.empty() ? 401 : 404, "RepoNotFound", "Repository not found"));
    if (!model->second.calledNow.empty())
        return answer({httpAnswer(
            307, "",
            {"Location: " + std::string(isApi ? kApi : "/") + model->second.calledNow + "/" + rest})});
    answerFor(id, model->second, rest, exchange);
}

void HubServer::answerFor(const std::string& id, const HubModel& model, const std::string& rest,
                          HubExchange& exchange) const {
    const std::size_t slash = rest.find('/');
    const std::string what = rest.substr(0, slash);
    const std::string place = rest.substr(slash + 1);
    const std::string revision = decoded(place.substr(0, place.find_first_of("/?")));
    if (revision != "main" && revision != "a/branch" && revision != model.commit) {
        exchange.answer = refusal(404, "RevisionNotFound", "Invalid rev id: " + revision);
    } else if (what == "revision") {
        exchange.answer = json(200, Json{{"id", id}, {"sha", model.commit}, {"gated", model.isGated}});
    } else if (what == "tree") {
        exchange.answer = list(id, model, place);
    } else {
        const std::string path = place.substr(place.find('/') + 1);
        exchange.path = decoded(path.substr(0, path.find('?')));
        give(id, model, exchange);
    }
}

std::string HubServer::listing(const std::string& id, std::size_t first) const {
    Json entries = Json::array();
    std::size_t number = 0;
    for (const auto& [path, bytes] : models.at(id).files) {
        if (number++ < first || number > first + namesPerPage) continue;
        Json entry{{"type", "file"}, {"path", path}, {"size", bytes.size()}, {"oid", hubHash("", bytes)}};
        if (isLarge(path)) entry["lfs"] = Json{{"oid", sha256Hex(bytes)}, {"size", bytes.size()}};
        entries.push_back(std::move(entry));
    }
    return writeJson(entries);
}

ServedAnswer HubServer::list(const std::string& id, const HubModel& model, const std::string& query) const {
    constexpr std::string_view kCursor = "&cursor=";
    const std::size_t at = query.find(kCursor);
    const std::size_t first = at == std::string::npos ? 0 : std::stoul(query.substr(at + kCursor.size()));
    std::vector<std::string> headers{kJsonType};
    if (first + namesPerPage < model.files.size())
        headers.push_back("Link: <" + endpoint() + kApi + id + "/tree/" + model.commit +
                          "?recursive=true&cursor=" + std::to_string(first + namesPerPage) +
                          ">; rel=\"next\"");
    return {httpAnswer(200, listing(id, first), headers)};
}

void HubServer::give(const std::string& id, const HubModel& model, HubExchange& exchange) const {
    const std::string token = tokenOf(exchange.request);
    const auto file = model.files.find(exchange.path);
    std::vector<std::string> headers{"X-Repo-Commit: " + model.commit};
    if (model.isGated && token != kLicensedToken) {
        exchange.answer =
            refusal(token.empty() ? 401 : 403, "GatedRepo", "Access to model " + id + " is restricted");
    } else if (file == model.files.end()) {
        exchange.answer = refusal(404, "EntryNotFound", "Entry not found");
    } else if (exchange.content = file->second; isLarge(exchange.path)) {
        headers.push_back("X-Linked-Etag: \"" + sha256Hex(exchange.content) + "\"");
        headers.push_back("X-Linked-Size: " + std::to_string(exchange.content.size()));
        headers.push_back("Location: " + urlOf(HubHost::Second, storeTarget(exchange.content)));
        exchange.answer = {httpAnswer(302, "Found. Redirecting", headers)};
    } else {
        headers.push_back("ETag: \"" + hubHash(exchange.path, exchange.content) + "\"");
        exchange.answer = {fileAnswer(exchange.request, exchange.content, headers)};
    }
}

void HubServer::answerAsStore(HubExchange& exchange) const {
    exchange.answer = {httpAnswer(403, "expired")};
    for (const auto& [id, model] : models)
        for (const auto& [path, bytes] : model.files) {
            if (!isLarge(path) || exchange.request.target != storeTarget(bytes)) continue;
            exchange.path = path;
            exchange.content = bytes;
            exchange.answer = {fileAnswer(exchange.request, bytes, {"ETag: \"of the second host\""})};
        }
}

/// Asks the hub itself.
class HubServer::Direct final : public network::Transport {
public:
    Direct(HubServer& hub, std::size_t blockBytes)
        : m_hub(hub)
        , m_blockBytes(blockBytes) {}

    Result<network::HttpResponse> get(const network::HttpRequest& request, network::HttpSink& sink,
                                      const CancelToken&) override {
        const bool isSecond = request.url.starts_with(m_hub.urlOf(HubHost::Second, ""));
        const HubHost host = isSecond ? HubHost::Second : HubHost::First;
        ServedRequest served{request.url.substr(m_hub.urlOf(host, "").size()), {}};
        for (const auto& [name, value] : request.headers)
            served.headers[lowerAscii(name)] = value;
        const ServedAnswer answer = m_hub.serve(host, served);
        std::size_t at = 0;
        auto response = parsedAnswer(answer.bytes, request.url, at);
        if (auto begun = sink.begin(response); !begun) return begun.error();
        for (; at < answer.bytes.size(); at += m_blockBytes) {
            const std::string_view block = std::string_view(answer.bytes).substr(at, m_blockBytes);
            if (auto taken = sink.body(std::as_bytes(std::span(block))); !taken) return taken.error();
        }
        return response;
    }

private:
    HubServer& m_hub;
    std::size_t m_blockBytes;
};

std::unique_ptr<network::Transport> HubServer::directTransport(std::size_t blockBytes) {
    return std::make_unique<Direct>(*this, blockBytes);
}

} // namespace llamahome::testing
