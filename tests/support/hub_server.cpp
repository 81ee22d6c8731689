#include "support/hub_server.h"

#include <algorithm>
#include <stdexcept>

#include "core/digest.h"
#include "core/file_layer.h"
#include "core/hash.h"
#include "core/json.h"

namespace llamahome::testing {
namespace fs = std::filesystem;
namespace {

constexpr const char* kApi = "/api/models/";

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
    headers.emplace_back("Content-Type: application/json; charset=utf-8");
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

HubServer::HubServer(const std::optional<TlsIdentity>& identity)
    : m_store(
          std::make_unique<HttpServer>([this](const ServedRequest& asked) { return store(asked); }, identity))
    , m_hub(std::make_unique<HttpServer>([this](const ServedRequest& asked) { return answer(asked); },
                                         identity)) {}

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

ServedAnswer HubServer::answer(const ServedRequest& request) {
    if (fault)
        if (auto instead = fault(request)) return *instead;
    const std::string token = tokenOf(request);
    if (!token.empty() && token != kLicensedToken && token != kOtherToken)
        return refusal(401, "", "Invalid credentials in Authorization header");
    if (request.target == "/api/whoami-v2")
        return token.empty() ? refusal(401, "", "Unauthorized") : json(200, Json{{"name", "somebody"}});
    const bool isApi = request.target.starts_with(kApi);
    std::string rest = request.target.substr(isApi ? std::string(kApi).size() : 1);
    const std::string id = takeId(rest);
    const auto model = models.find(id);
    if (model == models.end() || (model->second.isHidden && token != kLicensedToken))
        return refusal(token.empty() ? 401 : 404, "RepoNotFound", "Repository not found");
    if (!model->second.calledNow.empty())
        return {httpAnswer(
            307, "",
            {"Location: " + std::string(isApi ? kApi : "/") + model->second.calledNow + "/" + rest})};
    return answerFor(id, model->second, rest, request);
}

ServedAnswer HubServer::answerFor(const std::string& id, const HubModel& model, const std::string& rest,
                                  const ServedRequest& request) {
    const std::size_t slash = rest.find('/');
    const std::string what = rest.substr(0, slash);
    const std::string place = rest.substr(slash + 1);
    const std::string revision = decoded(place.substr(0, place.find_first_of("/?")));
    if (revision != "main" && revision != "a/branch" && revision != model.commit)
        return refusal(404, "RevisionNotFound", "Invalid rev id: " + revision);
    if (what == "revision")
        return json(200, Json{{"id", id}, {"sha", model.commit}, {"gated", model.isGated}});
    if (what == "tree") return list(id, model, place.substr(place.find('?')));
    return give(id, model, decoded(place.substr(place.find('/') + 1)), request);
}

ServedAnswer HubServer::list(const std::string& id, const HubModel& model, const std::string& query) {
    constexpr std::string_view kCursor = "&cursor=";
    const std::size_t at = query.find(kCursor);
    const std::size_t first = at == std::string::npos ? 0 : std::stoul(query.substr(at + kCursor.size()));
    Json entries = Json::array();
    std::size_t number = 0;
    for (const auto& [path, bytes] : model.files) {
        if (number++ < first || number > first + namesPerPage) continue;
        Json entry{{"type", "file"}, {"path", path}, {"size", bytes.size()}, {"oid", hubHash("", bytes)}};
        if (isLarge(path)) entry["lfs"] = Json{{"oid", sha256Hex(bytes)}, {"size", bytes.size()}};
        entries.push_back(std::move(entry));
    }
    std::vector<std::string> headers;
    if (first + namesPerPage < model.files.size())
        headers.push_back("Link: <" + endpoint() + kApi + id + "/tree/" + model.commit +
                          "?recursive=true&cursor=" + std::to_string(first + namesPerPage) +
                          ">; rel=\"next\"");
    return json(200, entries, headers);
}

ServedAnswer HubServer::give(const std::string& id, const HubModel& model, const std::string& path,
                             const ServedRequest& request) {
    if (model.isGated && tokenOf(request) != kLicensedToken)
        return refusal(tokenOf(request).empty() ? 401 : 403, "GatedRepo",
                       "Access to model " + id + " is restricted");
    const auto file = model.files.find(path);
    if (file == model.files.end()) return refusal(404, "EntryNotFound", "Entry not found");
    const std::vector<std::string> headers{"X-Repo-Commit: " + model.commit,
                                           "ETag: \"" + hubHash(path, file->second) + "\""};
    if (!isLarge(path)) return {fileAnswer(request, file->second, headers)};
    std::vector<std::string> linked = headers;
    linked.push_back("Location: " + m_store->url("/" + sha256Hex(file->second) + "?" + kSignature));
    return {httpAnswer(302, "", linked)};
}

ServedAnswer HubServer::store(const ServedRequest& request) {
    if (fault)
        if (auto instead = fault(request)) return *instead;
    for (const auto& [id, model] : models)
        for (const auto& [path, bytes] : model.files)
            if (isLarge(path) && request.target == "/" + sha256Hex(bytes) + "?" + kSignature)
                return {fileAnswer(request, bytes)};
    return {httpAnswer(403, "expired")};
}

} // namespace llamahome::testing
