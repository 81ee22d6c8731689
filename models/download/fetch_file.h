// One file from an address to its place: resumed, proved by its hash, whole or not there. The transport's
// thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "network/transport.h"

namespace llamahome::download {

struct FetchRequest {
    std::string url;
    std::filesystem::path target; ///< its folder exists; what is received lies in "<target>.part" meanwhile
    std::uint64_t sizeBytes = 0;
    std::string sha256; ///< 64 lower-case hex digits
};

/// Waits that long, or until `cancel` is set.
using Pause = std::function<void(double seconds, const CancelToken& cancel)>;
void pauseForSeconds(double seconds, const CancelToken& cancel);

struct FetchTools {
    network::Transport& transport;
    FileLayer& files;
    Pause pause = pauseForSeconds;
};

/// A try that brings no new byte is repeated so often, with a pause that doubles from one second.
inline constexpr int kTriesWithoutProgress = 6;
inline constexpr double kFirstPauseSeconds = 1.0;
inline constexpr double kLongestPauseSeconds = 60.0;

/// Does nothing where the target is there with that size and hash; else receives it, hashing as it arrives,
/// and gives it its name when size and hash agree. A broken connection goes on where it ended; after an error
/// or a cancel the partial file stays, and the next call re-hashes and continues it. Only one caller a
/// target. FILE-09: other bytes than promised, twice; NET-05, NET-07: the server refuses or sends something
/// else; NET-02, NET-03, NET-04, NET-06: see Transport and getFollowing; FILE-… from writing; RUN-00
/// cancelled. `progress` counts the bytes of this file, those kept from before included.
Result<void> fetchFile(const FetchRequest& request, const FetchTools& tools, const CancelToken& cancel,
                       const ProgressSink& progress);

} // namespace llamahome::download
