// What the Hub says of a repository: its commit and its files with sizes and hashes. The transport's thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "download/hub_client.h"
#include "download/remote_names.h"
#include "download/remote_set.h"

namespace llamahome::download {

struct HubFile {
    std::string path;
    std::uint64_t sizeBytes = 0;
    ExpectedHash hash; ///< SHA-256 of what lies in Git LFS, else the SHA-1 of Git's blob
};

struct HubRepository {
    std::string id;             ///< as the Hub calls it now: a renamed repository has its new name
    std::string commit;         ///< 40 hex digits; everything of it is asked for by this
    std::vector<HubFile> files; ///< in the order of the listing
};

struct HubQuestion {
    HubAccess access;
    std::string id;                ///< isHubId()
    std::string revision = "main"; ///< branch, tag or commit
};

/// Bounds on a listing: a repository of a model has far fewer files.
inline constexpr std::size_t kMaxListingPages = 200;
inline constexpr std::size_t kMaxListedNames = 50'000;

/// Resolves the revision to a commit and reads the whole listing at that commit, page after page; a part of
/// one is never taken for the whole. DL-03 for a name that is refused; DL-04 for a listing that leads to
/// another host, in circles, beyond the bounds, or whose entries are none; HUB-xx, NET-xx of askHub().
Result<HubRepository> listHubRepository(network::Transport& transport, const HubQuestion& question,
                                        const NameFold& fold, const Pause& pause, const CancelToken& cancel);

/// The commit that the revision names now. HUB-xx, NET-xx of askHub().
Result<std::string> resolveHubRevision(network::Transport& transport, const HubQuestion& question,
                                       const Pause& pause, const CancelToken& cancel);

/// Where the bytes of a file are asked for.
std::string hubFileUrl(const HubAccess& access, const HubRepository& repository, const std::string& path);

/// The named files as a set; the token goes with it. Every name is one of the repository's.
RemoteSet hubSet(const HubAccess& access, const HubRepository& repository, const std::vector<HubFile>& files);

} // namespace llamahome::download
