#include "managers/download_work.h"

#include <memory>
#include <utility>

#include "jobs/system/hub_tokens.h"
#include "jobs/system/network_access.h"
#include "managers/text.h"

namespace llamahome::managers {
namespace {

/// "smollm2 135m-instruct" is two words, as in a shell.
std::vector<std::string> wordsOf(const QString& name) {
    std::vector<std::string> words;
    for (const QString& word : name.split(u' ', Qt::SkipEmptyParts))
        words.push_back(fromQt(word));
    return words;
}

Result<void> addHub(const DownloadWork& work, const CancelToken& cancel, jobs::DownloadRequest& request) {
    auto tokens = jobs::HubTokens::of(work.hub, work.workspace.environment);
    if (!tokens) return tokens.error();
    request.hub = {tokens->endpoint(), fromQt(work.wish.secret)};
    request.hubMirror = work.hub.mirror;
    if (!request.hub.token.empty()) return {};
    auto token = tokens->find(cancel);
    if (!token) return token.error();
    request.hub.token = std::move(token->text);
    return {};
}

Result<jobs::DownloadRequest> requestOf(const DownloadWork& work, const jobs::Library& library,
                                        const CancelToken& cancel) {
    const DownloadWish& wish = work.wish;
    auto target = jobs::downloadTarget(library, wordsOf(wish.name), work.workspace.environment);
    if (!target) return target.error();
    jobs::DownloadRequest request;
    request.target = std::move(*target);
    request.source = wish.source;
    request.revision = fromQt(wish.revision);
    request.file = fromQt(wish.file);
    request.everyByte = wish.everyByte;
    request.place = fromQt(wish.source == jobs::DownloadSource::Meta ? wish.secret : wish.place);
    if (wish.source != jobs::DownloadSource::Hub) return request;
    if (auto added = addHub(work, cancel, request); !added) return added.error();
    return request;
}

/// What a wish needs of the network.
struct Access {
    jobs::DownloadRequest request;
    jobs::NetworkRules rules;
    std::unique_ptr<network::Transport> transport;
};

Result<Access> accessFor(const DownloadWork& work, const jobs::Library& library, const CancelToken& cancel) {
    auto request = requestOf(work, library, cancel);
    if (!request) return request.error();
    auto rules = jobs::networkRules(work.hub, work.workspace.environment);
    if (!rules) return rules.error();
    auto transport = jobs::openNetwork(*rules);
    if (!transport) return transport.error();
    return Access{std::move(*request), std::move(*rules), std::move(*transport)};
}

} // namespace

Result<jobs::DownloadOffer> askSource(const DownloadWork& work, const CancelToken& cancel) {
    const jobs::Library library(work.workspace.root, work.workspace.catalog);
    const auto access = accessFor(work, library, cancel);
    if (!access) return access.error();
    return jobs::offerDownload(access->request, library, *access->transport, download::pauseForSeconds,
                               cancel);
}

Result<jobs::DownloadResult> fetchWanted(const DownloadWork& work, LockKeeper& lock,
                                         const JobControl& control, const jobs::FetchWatch& watch) {
    const jobs::Library library(work.workspace.root, work.workspace.catalog);
    const auto access = accessFor(work, library, control.cancel);
    if (!access) return access.error();
    FileLayer& files = *work.workspace.files;
    // What is told of each file tells their sum too, and its speed without what was kept from before.
    const auto fetch = [fetch = jobs::fetchFiles(access->rules, files, watch)](
                           const download::RemoteSet& set, const std::filesystem::path& folder,
                           const CancelToken& cancel,
                           const ProgressSink&) { return fetch(set, folder, cancel, {}); };
    const jobs::DownloadTools tools{*access->transport, files, fetch, [&lock] { return lock.acquire(); }};
    return jobs::downloadModel(access->request, library, tools, control.cancel, control.progress);
}

} // namespace llamahome::managers
