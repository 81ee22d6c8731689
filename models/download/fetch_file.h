// One file from an address to its place: resumed, proved by its hash, whole or not there. The transport's
// thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/cancel_token.h"
#include "core/clock.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "download/partial_file.h"
#include "download/remote_set.h"
#include "download/retries.h"
#include "download/transfer_watch.h"
#include "network/transport.h"

namespace llamahome::download {

struct FetchRequest {
    std::string url;
    std::filesystem::path target; ///< its folder exists; what is received lies in "<target>.part" meanwhile
    std::optional<std::uint64_t> sizeBytes; ///< nothing: as the server says
    ExpectedHash hash;
    std::string source = {}; ///< this and the next two say in the partial file's record what it is
    std::string commit = {};
    std::string path = {};
    std::map<std::string, std::string> headers = {}; ///< for the origin of `url` only
};

/// How an answer that refuses is put into words; statusError() where there is none.
using RefusalWords = std::function<Error(const network::HttpResponse&)>;

struct FetchTools {
    network::Transport& transport;
    FileLayer& files;
    Pause pause = pauseForSeconds;
    Patience patience = {}; ///< with time to wait in it, a full disk is waited for too
    RefusalWords refusal = {};
    const Clock* clock = &systemClock();
    FlushRule flush = {};
};

struct FetchedFile {
    std::uint64_t sizeBytes = 0;
    std::string sha256;                 ///< of what lies there, whatever it was proved by
    HashKind provedBy = HashKind::None; ///< None: by nothing but its size
    bool wasThere = false;              ///< nothing was fetched
};

/// Does nothing where the target is there as promised; else receives it, hashing as it arrives, and gives it
/// its name when size and hash agree. Without a promised hash a target of the promised size is taken to be
/// it. A broken connection goes on where it ended, by the rules of Retries; after an error or a cancel the
/// partial file stays, and the next call re-hashes and continues it.
/// DL-02: somebody else is receiving it; FILE-09: other bytes than promised, twice; NET-05, NET-07: the
/// server refuses or offers something else; NET-02, NET-03, NET-04, NET-06: see Transport and getFollowing;
/// FILE-… from writing; RUN-00 cancelled.
Result<FetchedFile> fetchFile(const FetchRequest& request, const FetchTools& tools, const CancelToken& cancel,
                              TransferWatch& watch);

/// The same for a file on its own. `progress` counts its bytes, those kept from before included.
Result<void> fetchFile(const FetchRequest& request, const FetchTools& tools, const CancelToken& cancel,
                       const ProgressSink& progress);

} // namespace llamahome::download
