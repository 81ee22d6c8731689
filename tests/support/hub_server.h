// A Hub on loopback with its own host for large files, as the real one has: repositories, commits, tokens,
// licences, renamed names. What it answers can be spoilt, and what the wrong host gets to see is counted.
// Over sockets, with its own threads, or asked directly.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "download/remote_set.h"
#include "network/transport.h"
#include "support/http_server.h"

namespace llamahome::testing {

struct HubModel {
    std::map<std::string, std::string> files; ///< bytes by path
    std::string commit = std::string(40, 'a');
    bool isGated = false;       ///< lists its files to everybody, gives them to `licensed` only
    bool isHidden = false;      ///< there for `licensed` only
    std::string calledNow = {}; ///< where a renamed repository leads
};

enum class HubHost {
    First,  ///< lists, and gives the small files
    Second, ///< gives the large files, by links that carry a secret
};

/// One request, and the answer that it would get.
struct HubExchange {
    HubHost host = HubHost::First;
    std::string path; ///< of the file; empty: something else, as the listing
    int number = 0;   ///< of the requests to this host for this, from 1
    ServedRequest request;
    ServedAnswer answer;
    std::string content; ///< of the file
};

class HubServer {
public:
    /// Signed links hold this, which must stand nowhere; so must the tokens.
    static constexpr const char* kSignature = "Signature=canaryOfTheSignedLink0123456789";
    static constexpr const char* kLicensedToken = "hf_canaryOfTheLicensedToken0123456789";
    static constexpr const char* kOtherToken = "hf_canaryOfTheOtherToken0123456789";

    enum class Reach { Sockets, Direct };
    /// May change the answer; called for each request, one after another.
    using Spoil = std::function<void(HubExchange&)>;

    explicit HubServer(const std::optional<TlsIdentity>& identity = {}, Reach reach = Reach::Sockets);

    /// Changed before requests are sent only.
    std::map<std::string, HubModel> models;
    std::size_t namesPerPage = 1000;
    /// Asked first, for either host; nothing: the Hub answers.
    std::function<std::optional<ServedAnswer>(const ServedRequest&)> fault;

    /// A repository with the files of a folder.
    HubModel& addFolder(const std::string& id, const std::filesystem::path& folder);
    /// From now on, with counts begun anew; empty: right answers.
    void spoil(Spoil spoil);

    std::string endpoint() const { return urlOf(HubHost::First, ""); }
    std::string urlOf(HubHost host, const std::string& target) const;
    /// All files of a model, asked for with the token of the licence.
    download::RemoteSet set(const std::string& id) const;

    /// A page of a model's files from the `first` on.
    std::string listing(const std::string& id, std::size_t first = 0) const;

    /// For Reach::Sockets.
    HttpServer& host(HubHost host) { return *m_servers.at(host); }
    std::vector<ServedRequest> hubRequests() const { return m_servers.at(HubHost::First)->requests(); }
    std::vector<ServedRequest> storeRequests() const { return m_servers.at(HubHost::Second)->requests(); }
    /// Of both hosts, those whose target holds the text.
    std::size_t countOf(const std::string& text) const;

    /// For Reach::Direct: blocks of `blockBytes`, no socket and no thread.
    std::unique_ptr<network::Transport> directTransport(std::size_t blockBytes);

    /// Since spoil() was called.
    int requests() const;
    /// Secrets that came to the host that must not see them, ever.
    int leaks() const;

private:
    class Direct;
    ServedAnswer serve(HubHost host, const ServedRequest& request);
    void noteLeaks(HubHost host, const ServedRequest& request);
    void answerAsHub(HubExchange& exchange) const;
    void answerFor(const std::string& id, const HubModel& model, const std::string& rest,
                   HubExchange& exchange) const;
    ServedAnswer list(const std::string& id, const HubModel& model, const std::string& query) const;
    void give(const std::string& id, const HubModel& model, HubExchange& exchange) const;
    void answerAsStore(HubExchange& exchange) const;

    mutable std::mutex m_mutex;
    Spoil m_spoil;
    std::map<std::pair<HubHost, std::string>, int> m_numbers;
    int m_requests = 0;
    int m_leaks = 0;
    std::map<HubHost, std::unique_ptr<HttpServer>> m_servers;
};

/// SHA-256 of what the Hub keeps in Git LFS, else the SHA-1 of Git's blob.
std::string hubHash(const std::string& path, const std::string& bytes);

} // namespace llamahome::testing
