// A Hub on loopback with its own host for large files, as the real one has: repositories, commits, tokens,
// licences, renamed names. Its own threads.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/http_server.h"

namespace llamahome::testing {

struct HubModel {
    std::map<std::string, std::string> files; ///< bytes by path
    std::string commit = std::string(40, 'a');
    bool isGated = false;       ///< lists its files to everybody, gives them to `licensed` only
    bool isHidden = false;      ///< there for `licensed` only
    std::string calledNow = {}; ///< where a renamed repository leads
};

class HubServer {
public:
    /// Signed links hold this, which must stand nowhere; so must the tokens.
    static constexpr const char* kSignature = "Signature=canaryOfTheSignedLink0123456789";
    static constexpr const char* kLicensedToken = "hf_canaryOfTheLicensedToken0123456789";
    static constexpr const char* kOtherToken = "hf_canaryOfTheOtherToken0123456789";

    explicit HubServer(const std::optional<TlsIdentity>& identity = {});

    /// Changed before requests are sent only.
    std::map<std::string, HubModel> models;
    std::size_t namesPerPage = 1000;
    /// Asked first, for either host; nothing: the Hub answers.
    std::function<std::optional<ServedAnswer>(const ServedRequest&)> fault;

    /// A repository with the files of a folder.
    HubModel& addFolder(const std::string& id, const std::filesystem::path& folder);

    std::string endpoint() const { return m_hub->url(""); }
    std::vector<ServedRequest> hubRequests() const { return m_hub->requests(); }
    std::vector<ServedRequest> storeRequests() const { return m_store->requests(); }
    /// Of both hosts, those whose target holds the text.
    std::size_t countOf(const std::string& text) const;

private:
    ServedAnswer answer(const ServedRequest& request);
    ServedAnswer answerFor(const std::string& id, const HubModel& model, const std::string& rest,
                           const ServedRequest& request);
    ServedAnswer list(const std::string& id, const HubModel& model, const std::string& query);
    ServedAnswer give(const std::string& id, const HubModel& model, const std::string& path,
                      const ServedRequest& request);
    ServedAnswer store(const ServedRequest& request);

    std::unique_ptr<HttpServer> m_store;
    std::unique_ptr<HttpServer> m_hub;
};

/// SHA-256 of what the Hub keeps in Git LFS, else the SHA-1 of Git's blob.
std::string hubHash(const std::string& path, const std::string& bytes);

} // namespace llamahome::testing
