// A set of files from one source to a folder, several at once. The calling thread waits and tells; each
// connection is a thread of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "core/cancel_token.h"
#include "core/clock.h"
#include "core/file_layer.h"
#include "core/result.h"
#include "download/fetch_file.h"
#include "download/remote_set.h"
#include "download/retries.h"
#include "download/set_status.h"
#include "download/transfer_control.h"
#include "network/transport.h"

namespace llamahome::download {

/// A line is full with few connections, and servers frown on many.
inline constexpr int kConnections = 3;

struct SetTools {
    /// Called on the thread that uses the transport.
    std::function<Result<std::unique_ptr<network::Transport>>()> openTransport;
    FileLayer& files;
    Pause pause = pauseForSeconds;
    Patience patience = {};
    RefusalWords refusal = {};
    const Clock* clock = &systemClock();
    FlushRule flush = {};
    int connections = kConnections;
    TransferControl* control = nullptr; ///< outlives the call
};

/// What the files of `set` will yet take on the disk of `folder`: those that are there in their size count
/// nothing, of a partial file neither its bytes nor the room that was set aside for it.
std::uint64_t missingBytes(const RemoteSet& set, const std::filesystem::path& folder);

/// Fetches every file of `set` to its path below `folder`, which is made, by the rules of fetchFile(). Large
/// files come first: the small ones fill the line while those run, so that no large one runs alone at the
/// end. A file that fails does not stop the others, but the third does, and so does what would stop them all:
/// a full disk, no network, a cancel. What has been received stays, and the next call goes on. Gives what
/// lies there in the set's order, when all of it does. DL-02: another process fetches to this folder; DL-03:
/// a path that checkRemoteNames() refuses, before anything is made; else the first file's error, with the
/// others in its detail.
Result<std::vector<FetchedFile>> fetchSet(const RemoteSet& set, const std::filesystem::path& folder,
                                          const SetTools& tools, const CancelToken& cancel,
                                          const SetSink& sink);

} // namespace llamahome::download
