// A model at a source: what the Hub, Meta or a mirror has of it, before its large files are fetched. The
// transport's thread.
#pragma once

#include <string>

#include "config/catalog.h"
#include "core/cancel_token.h"
#include "core/result.h"
#include "download/hub_client.h"
#include "download/remote_set.h"
#include "download/retries.h"
#include "jobs/download/model_files.h"
#include "network/transport.h"

namespace llamahome::jobs {

struct RemoteModel {
    download::RemoteSet set; ///< the files that are needed
    SourceForm form = SourceForm::HubFolder;
    std::string gguf = {}; ///< of form Gguf: the file to be imported
    std::string origin;    ///< who said the hashes, for the manifest: "the Hub", an address, "Meta's list"

    /// The bytes of all files; those of unknown size count nothing.
    std::uint64_t totalBytes() const;
};

struct HubModelRequest {
    download::HubAccess access;
    std::string id;
    std::string revision; ///< empty: the branch "main"
    std::string commit;   ///< where it is known already, asked for in place of the revision; empty: it is not
    std::string file;     ///< a GGUF file; empty: none is wanted
};

/// Lists the repository, chooses the files, and reads config.json where the model has one: an architecture
/// that cannot be run is refused by name (ARCH-01, ARCH-02). A pinned commit that the Hub does not have any
/// more gives way to the revision. Errors of listHubRepository() and chooseModelFiles().
Result<RemoteModel> findHubModel(network::Transport& transport, const HubModelRequest& request,
                                 const download::Pause& pause, const CancelToken& cancel);

/// Whether a model can be run, by the text of its config.json alone; `what` is its name in messages. JSON-xx,
/// ARCH-01, ARCH-02.
Result<void> checkArchitecture(const std::string& configText, const std::string& what);

/// What names have in common that some file system takes for one: Unicode's normal form C, lower case.
std::string foldedName(std::string_view name);

} // namespace llamahome::jobs
