#include "download/hub_listing.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/error_codes.h"
#include "core/json_field.h"
#include "core/shown_text.h"
#include "download/http_get.h"

namespace llamahome::download {
namespace {

constexpr std::size_t kMaxAnswerBytes = 16U << 20;
constexpr std::size_t kSha256Digits = 64;

bool isHex(std::string_view text, std::size_t digits) {
    return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// The address in `<…>` whose relation is "next"; empty where the header has none.
std::string nextLink(std::string_view header) {
    while (!header.empty()) {
        const auto open = header.find('<');
        const auto close = header.find('>', open);
        if (open == std::string_view::npos || close == std::string_view::npos) return {};
        const auto end = std::min(header.find(",", close), header.size());
        const std::string_view relation = header.substr(close, end - close);
        if (relation.find("rel=\"next\"") != std::string_view::npos ||
            relation.find("rel=next") != std::string_view::npos)
            return std::string(header.substr(open + 1, close - open - 1));
        header.remove_prefix(end);
    }
    return {};
}

/// One reading of a repository.
class Listing {
public:
    Listing(network::Transport& transport, const HubQuestion& question, const NameFold& fold,
            const Pause& pause, const CancelToken& cancel)
        : m_transport(transport)
        , m_question(question)
        , m_fold(fold)
        , m_pause(pause)
        , m_cancel(cancel)
        , m_api(question.access.endpoint + "/api/models/") {}

    Result<HubRepository> read() {
        if (auto found = readFacts(); !found) return found.error();
        if (auto listed = readPages(); !listed) return listed.error();
        if (auto checked = checkRemoteNames(m_names, m_fold, m_repository.id); !checked)
            return checked.error();
        return std::move(m_repository);
    }

    Result<std::string> commit() {
        if (auto found = readFacts(); !found) return found.error();
        return m_repository.commit;
    }

private:
    Result<HubAnswer> ask(const std::string& url) {
        return askHub(m_transport, m_question.access, url, kMaxAnswerBytes,
                      {m_question.id, m_question.revision}, m_pause, m_cancel);
    }

    /// An answer of the API is JSON; a page that asks for a login is not.
    Result<Json> parsed(const HubAnswer& answer) const {
        auto json = parseJson(answer.text, "answer", {16, kMaxAnswerBytes});
        if (json) return json;
        const std::string kind = answer.response.header("content-type");
        return notTheHub(m_question.access,
                         kind.empty() ? "text that is no JSON" : "text of the kind " + quotedText(kind));
    }

    Result<void> readFacts() {
        const auto answer =
            ask(m_api + m_question.id + "/revision/" + encodedForUrl(m_question.revision, false));
        if (!answer) return answer.error();
        const auto json = parsed(*answer);
        if (!json) return json.error();
        if (!json->is_object() || !isCommit(stringField(*json, "sha")))
            return notTheHub(m_question.access, "an answer without a commit");
        if (boolField(*json, "disabled", false))
            return Error{codes::kHubDisabled,
                         m_question.id + ": the Hub has disabled access to it; take another model"};
        m_repository.commit = stringField(*json, "sha");
        const std::string name = stringField(*json, "id");
        m_repository.id = isHubId(name) ? name : m_question.id;
        return {};
    }

    Result<void> readPages() {
        std::string url = m_api + m_repository.id + "/tree/" + m_repository.commit + "?recursive=true";
        std::set<std::string> seen;
        while (!url.empty()) {
            if (!seen.insert(url).second) return broken("leads in circles");
            if (seen.size() > kMaxListingPages)
                return broken("has more than " + std::to_string(kMaxListingPages) + " pages");
            const auto answer = ask(url);
            if (!answer) return answer.error();
            if (auto read = readPage(*answer); !read) return read;
            std::string next = nextLink(answer->response.header("link"));
            if (next.starts_with('/')) next = originOf(m_question.access.endpoint) + next;
            if (!next.empty() && originOf(next) != originOf(m_question.access.endpoint))
                return broken("leads on to another host, " + quotedText(originOf(next)));
            url = std::move(next);
        }
        return {};
    }

    Result<void> readPage(const HubAnswer& answer) {
        const auto json = parsed(answer);
        if (!json) return json.error();
        if (!json->is_array()) return notTheHub(m_question.access, "a listing that is no list");
        if (json->size() > kMaxListedNames - m_names.size())
            return broken("has more than " + std::to_string(kMaxListedNames) + " names");
        for (const Json& entry : *json)
            if (auto read = readEntry(entry); !read) return read;
        return {};
    }

    Result<void> readEntry(const Json& entry) {
        if (!entry.is_object()) return broken("has an entry that is no object");
        const std::string type = stringField(entry, "type");
        const std::string path = stringField(entry, "path");
        m_names.push_back({path, type == "directory"});
        if (type == "directory") return {};
        const auto lfs = entry.find("lfs");
        const bool isLarge = lfs != entry.end() && lfs->is_object();
        const Json& facts = isLarge ? *lfs : entry;
        const auto size = countField(facts, "size");
        std::string oid = stringField(facts, "oid");
        if (isLarge && oid.starts_with("sha256:")) oid.erase(0, std::string_view("sha256:").size());
        if (type != "file" || !size || !isHex(oid, isLarge ? kSha256Digits : 40))
            return broken("has no size or no hash for " + quotedText(path));
        m_repository.files.push_back(
            {path, *size, {isLarge ? HashKind::Sha256 : HashKind::GitBlobSha1, std::move(oid)}});
        return {};
    }

    Error broken(const std::string& how) const {
        return {codes::kListing, m_question.id + ": the list of its files at " + m_question.access.endpoint +
                                     " " + how +
                                     "; nothing was fetched. Try again later, or another address of the Hub "
                                     "(HF_ENDPOINT)"};
    }

    network::Transport& m_transport;
    const HubQuestion& m_question;
    const NameFold& m_fold;
    const Pause& m_pause;
    const CancelToken& m_cancel;
    std::string m_api;
    HubRepository m_repository;
    std::vector<RemoteName> m_names;
};

} // namespace

Result<HubRepository> listHubRepository(network::Transport& transport, const HubQuestion& question,
                                        const NameFold& fold, const Pause& pause, const CancelToken& cancel) {
    return Listing(transport, question, fold, pause, cancel).read();
}

Result<std::string> resolveHubRevision(network::Transport& transport, const HubQuestion& question,
                                       const Pause& pause, const CancelToken& cancel) {
    const NameFold noNames;
    return Listing(transport, question, noNames, pause, cancel).commit();
}

std::string hubFileUrl(const HubAccess& access, const HubRepository& repository, const std::string& path) {
    return access.endpoint + "/" + repository.id + "/resolve/" + repository.commit + "/" +
           encodedForUrl(path, true);
}

RemoteSet hubSet(const HubAccess& access, const HubRepository& repository,
                 const std::vector<HubFile>& files) {
    RemoteSet set{access.endpoint, repository.id, repository.commit, {}, hubHeaders(access)};
    for (const HubFile& file : files)
        set.files.push_back(
            {file.path, hubFileUrl(access, repository, file.path), file.sizeBytes, file.hash});
    return set;
}

} // namespace llamahome::download
