// One file from an address to its place: resumed, proved by its hash, whole or not there. The transport's
// thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "download/retries.h"
#include "network/transport.h"

namespace llamahome::download {

struct FetchRequest {
    std::string url;
    std::filesystem::path target; ///< its folder exists; what is received lies in "<target>.part" meanwhile
    std::uint64_t sizeBytes = 0;
    std::string sha256; ///< 64 lower-case hex digits
};

struct FetchTools {
    network::Transport& transport;
    FileLayer& files;
    Pause pause = pauseForSeconds;
};

/// Does nothing where the target is there with that size and hash; else receives it, hashing as it arrives,
/// and gives it its name when size and hash agree. A broken connection goes on where it ended, by the rules
/// of Retries; after an error or a cancel the partial file stays, and the next call re-hashes and continues
/// it. Only one caller a target. FILE-09: other bytes than promised, twice; NET-05, NET-07: the server
/// refuses or offers something else; NET-02, NET-03, NET-04, NET-06: see Transport and getFollowing; FILE-…
/// from writing; RUN-00 cancelled. `progress` counts the bytes of this file, those kept from before included.
Result<void> fetchFile(const FetchRequest& request, const FetchTools& tools, const CancelToken& cancel,
                       const ProgressSink& progress);

} // namespace llamahome::download
