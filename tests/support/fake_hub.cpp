#include "support/fake_hub.h"

#include <algorithm>
#include <charconv>
#include <random>

#include "core/ascii.h"
#include "core/digest.h"
#include "core/hash.h"
#include "core/json.h"

namespace llamahome::testing {
namespace {

constexpr const char* kCommit = "0123456789abcdef0123456789abcdef01234567";
constexpr const char* kName = "org/name";

std::string gitBlobSha1(const std::string& content) {
    Digest digest(DigestKind::Sha1);
    digest.update("blob " + std::to_string(content.size()) + std::string(1, '\0') + content);
    return digest.hex();
}

std::string resolveTarget(const std::string& path) {
    return std::string("/") + kName + "/resolve/" + kCommit + "/" + path;
}

/// Status, headers and the place of the body of an answer in `bytes`.
network::HttpResponse parseAnswer(const std::string& bytes, const std::string& url, std::size_t& body) {
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

} // namespace

/// Asks the hub itself.
class FakeHub::Direct final : public network::Transport {
public:
    Direct(FakeHub& hub, std::size_t blockBytes)
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
        auto response = parseAnswer(answer.bytes, request.url, at);
        if (auto begun = sink.begin(response); !begun) return begun.error();
        for (; at < answer.bytes.size(); at += m_blockBytes) {
            const std::string_view block = std::string_view(answer.bytes).substr(at, m_blockBytes);
            if (auto taken = sink.body(std::as_bytes(std::span(block))); !taken) return taken.error();
        }
        return response;
    }

private:
    FakeHub& m_hub;
    std::size_t m_blockBytes;
};

FakeHub::FakeHub(std::vector<HubFile> files, Reach reach, const std::optional<TlsIdentity>& identity)
    : m_files(std::move(files)) {
    if (reach == Reach::Direct) return;
    for (const HubHost host : {HubHost::First, HubHost::Second})
        m_servers[host] = std::make_unique<HttpServer>(
            [this, host](const ServedRequest& request) { return serve(host, request); }, identity);
}

void FakeHub::spoil(Spoil spoil) {
    const std::lock_guard guard(m_mutex);
    m_spoil = std::move(spoil);
    m_numbers.clear();
    m_requests = 0;
}

std::string FakeHub::urlOf(HubHost host, const std::string& target) const {
    if (m_servers.empty())
        return (host == HubHost::First ? "http://127.0.0.1:1" : "http://127.0.0.1:2") + target;
    return m_servers.at(host)->url(target);
}

std::string FakeHub::listUrl() const {
    return urlOf(HubHost::First, std::string("/api/models/") + kName + "/tree/main");
}

std::string FakeHub::listing() const {
    Json list = Json::array();
    for (const HubFile& file : m_files) {
        Json entry{{"type", "file"}, {"path", file.path}, {"size", file.content.size()}};
        entry["oid"] = gitBlobSha1(file.content);
        if (file.isLarge) entry["lfs"] = {{"oid", sha256Hex(file.content)}, {"size", file.content.size()}};
        list.push_back(entry);
    }
    return writeJson(list);
}

download::RemoteSet FakeHub::set() const {
    download::RemoteSet set{"the hub", kName, kCommit, {}, {}};
    set.headers = {{"Authorization", std::string("Bearer ") + kCanaryToken}};
    for (const HubFile& file : m_files) {
        const download::ExpectedHash hash =
            file.isLarge ? download::ExpectedHash{download::HashKind::Sha256, sha256Hex(file.content)}
                         : download::ExpectedHash{download::HashKind::GitBlobSha1, gitBlobSha1(file.content)};
        set.files.push_back(
            {file.path, urlOf(HubHost::First, resolveTarget(file.path)), file.content.size(), hash});
    }
    return set;
}

std::unique_ptr<network::Transport> FakeHub::directTransport(std::size_t blockBytes) {
    return std::make_unique<Direct>(*this, blockBytes);
}

int FakeHub::requests() const {
    const std::lock_guard guard(m_mutex);
    return m_requests;
}

int FakeHub::leaks() const {
    const std::lock_guard guard(m_mutex);
    return m_leaks;
}

void FakeHub::noteLeaks(HubHost host, const ServedRequest& request) {
    const char* secret = host == HubHost::First ? kCanaryLink : kCanaryToken;
    const auto holds = [secret](const std::string& text) { return text.find(secret) != std::string::npos; };
    m_leaks += holds(request.target) || std::any_of(request.headers.begin(), request.headers.end(),
                                                    [&](const auto& header) { return holds(header.second); });
}

ServedAnswer FakeHub::serve(HubHost host, const ServedRequest& request) {
    const std::lock_guard guard(m_mutex);
    ++m_requests;
    noteLeaks(host, request);
    HubExchange exchange;
    exchange.host = host;
    exchange.request = request;
    exchange.answer = rightAnswer(host, request, exchange.path);
    for (const HubFile& file : m_files)
        if (file.path == exchange.path) exchange.content = file.content;
    exchange.number = ++m_numbers[{host, exchange.path}];
    if (m_spoil) m_spoil(exchange);
    return exchange.answer;
}

ServedAnswer FakeHub::rightAnswer(HubHost host, const ServedRequest& request, std::string& path) const {
    if (host == HubHost::First && request.target.starts_with("/api/")) return {httpAnswer(200, listing())};
    const std::string plain = request.target.substr(0, request.target.find('?'));
    for (const HubFile& file : m_files) {
        const std::string link = "/blobs/" + file.path + "?Signature=" + kCanaryLink;
        const bool isLink = host == HubHost::Second && request.target == link;
        if (!isLink && (host == HubHost::Second || plain != resolveTarget(file.path))) continue;
        path = file.path;
        if (isLink) return {fileAnswer(request, file.content, {"ETag: \"of the second host\""})};
        return answerOfFirst(file, request);
    }
    return {httpAnswer(404, "Entry not found", {"X-Error-Code: EntryNotFound"})};
}

ServedAnswer FakeHub::answerOfFirst(const HubFile& file, const ServedRequest& request) const {
    const std::string commit = std::string("X-Repo-Commit: ") + kCommit;
    if (!file.isLarge)
        return {fileAnswer(request, file.content, {commit, "ETag: \"" + gitBlobSha1(file.content) + "\""})};
    return {httpAnswer(
        302, "Found. Redirecting",
        {commit, "X-Linked-Etag: \"" + sha256Hex(file.content) + "\"",
         "X-Linked-Size: " + std::to_string(file.content.size()),
         "Location: " + urlOf(HubHost::Second, "/blobs/" + file.path + "?Signature=" + kCanaryLink)})};
}

std::string noise(std::size_t count, std::uint32_t seed) {
    std::minstd_rand random(seed);
    std::string bytes(count, '\0');
    for (char& byte : bytes)
        byte = static_cast<char>(random() >> 8);
    return bytes;
}

} // namespace llamahome::testing
