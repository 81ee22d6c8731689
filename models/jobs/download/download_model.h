// Gets a model from the Hub, from Meta or from a mirror into the library, and goes on with what was begun.
// Not on the GUI thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/catalog.h"
#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "core/result.h"
#include "download/fetch_file.h"
#include "download/remote_set.h"
#include "download/retries.h"
#include "jobs/download/download_target.h"
#include "jobs/download/remote_model.h"
#include "jobs/library/library.h"
#include "jobs/library/root_lock.h"
#include "network/transport.h"

namespace llamahome::jobs {

enum class DownloadSource { Hub, Meta, Mirror };

struct DownloadRequest {
    DownloadTarget target;
    DownloadSource source = DownloadSource::Hub;
    download::HubAccess hub; ///< of DownloadSource::Hub
    std::string hubMirror;   ///< asked, without the token, where the Hub does not answer; empty: none
    std::string revision;    ///< branch, tag or commit of the Hub; empty: what is there, else "main"
    std::string file;        ///< a GGUF file of the source; empty: none is wanted
    std::string place;       ///< of a mirror: its address or folder; of Meta the signed link, which is secret
    bool everyByte = false;  ///< of a model that is there: hash it all, and fetch anew what is damaged
};

/// Brings the files of a set into a folder, each under its name only when it is proved; those that are there
/// already are proved and left. Gives what lies there, in the set's order. `progress` counts the bytes of
/// all.
using FetchFiles = std::function<Result<std::vector<download::FetchedFile>>(
    const download::RemoteSet& set, const std::filesystem::path& folder, const CancelToken& cancel,
    const ProgressSink& progress)>;

struct DownloadTools {
    network::Transport& transport; ///< for lists and small answers, on the caller's thread
    FileLayer& files;
    FetchFiles fetch;
    /// Asked for where the library's own files are changed: a conversion, a repair. The fetching needs none,
    /// so that other work goes on meanwhile.
    std::function<Result<std::shared_ptr<const RootLock>>()> lockRoot;
    download::Pause pause = download::pauseForSeconds;
};

struct DownloadResult {
    ModelEntry entry;
    bool wasThere = false;                  ///< nothing was to be fetched
    std::vector<std::string> repaired = {}; ///< files of a model that was there, fetched anew
    std::vector<std::string> notes = {};    ///< what the user should know, in words
};

/// Finds out what is needed, checks the room on the disk and the architecture, fetches, checks the structure
/// and writes the manifest, which makes it a model; files in another form than the Hub's are converted as an
/// import does. A model that is there already is checked by sizes and structure, with `everyByte` by its
/// hashes; of a damaged one only the damaged files are fetched. After an error or a cancel what was fetched
/// stays and is told as "partial"; the same call goes on with it, at the commit that it began with.
/// IMP-03: another revision, or something else, has the name; LIB-04: it is damaged and came from somewhere
/// else; DL-02: another download of it runs; FILE-03: too little room; errors of findHubModel() and its kin,
/// of fetching, of import and structure; RUN-00.
Result<DownloadResult> downloadModel(const DownloadRequest& request, const Library& library,
                                     const DownloadTools& tools, const CancelToken& cancel,
                                     const ProgressSink& progress);

} // namespace llamahome::jobs
