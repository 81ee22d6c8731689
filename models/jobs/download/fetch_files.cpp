#include "jobs/download/fetch_files.h"

#include "download/fetch_set.h"
#include "download/http_get.h"
#include "download/hub_client.h"

namespace llamahome::jobs {
namespace {

/// A network that went away comes back: what is there is kept, and whoever waits can stop it. In the end a
/// script has to hear that it does not.
constexpr double kPatienceSeconds = 900.0;

/// The sum of all files, and in words what nothing arrives for.
Progress progressOf(const download::SetStatus& status, const std::string& name) {
    return {"downloading " + name, status.doneBytes, status.totalBytes, "bytes"};
}

/// A refusal of the Hub's in its own words; of another host by its status.
download::RefusalWords refusalWords(const download::RemoteSet& set) {
    if (set.commit.empty()) return {};
    const download::HubAccess access{set.source, set.headers.empty() ? "" : "one"};
    const download::HubSubject subject{set.name, set.commit, "one of its files"};
    return [access, subject](const network::HttpResponse& response) {
        const bool isHub = download::originOf(response.url) == download::originOf(access.endpoint);
        return isHub ? hubRefusal(response, {}, access, subject) : download::statusError(response);
    };
}

} // namespace

std::uint64_t speedLimit(const config::HubSettings& hub) {
    constexpr double kMegabyte = 1e6;
    return static_cast<std::uint64_t>(hub.max_mb_per_second * kMegabyte);
}

FetchFiles fetchFiles(const NetworkRules& rules, FileLayer& files, const FetchWatch& watch) {
    return [rules, &files, watch](const download::RemoteSet& set, const std::filesystem::path& folder,
                                  const CancelToken& cancel, const ProgressSink& progress) {
        download::SetTools tools{[rules] { return openNetwork(rules); }, files};
        tools.refusal = refusalWords(set);
        tools.patience.waitSeconds = kPatienceSeconds;
        tools.control = watch.control.get();
        return download::fetchSet(set, folder, tools, cancel, [&](const download::SetStatus& status) {
            if (watch.sink) watch.sink(status);
            if (progress) progress(progressOf(status, set.name));
        });
    };
}

} // namespace llamahome::jobs
