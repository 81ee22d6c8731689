// Takes over a model that is already on this machine. Not on the GUI thread; one at a time by the lock.
#pragma once

#include <filesystem>
#include <string>

#include "config/catalog.h"
#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "core/result.h"
#include "jobs/library/library.h"
#include "jobs/library/root_lock.h"

namespace llamahome::jobs {

struct ImportRequest {
    std::filesystem::path source; ///< whatever inspectSource() takes
    std::string family; ///< catalogued family, "local", or an organisation; empty: by the source's name
    std::string version;
    bool link = false; ///< weights as symbolic links to the source; folders in Hub layout only
    std::filesystem::path hubCache = {}; ///< where a Hub id is looked for; empty: nowhere
};

struct ImportResult {
    ModelEntry entry;
    bool wasThere = false; ///< the same model was installed already; nothing was written
    /// What the user should know, in words: parts of the source that were left out, what was taken for
    /// granted.
    std::vector<std::string> notes = {};
};

/// Copies, links or converts into a folder beside the final one, checks structure and hashes, writes the
/// manifest last and renames. Clears away first what cut-off imports and removals left.
/// IMP-01 source is no model; IMP-03 another model of that name is there;
/// IMP-04 name; FILE-03 too little room, before the first byte; else the error of format or structure. On any
/// failure nothing of it stays.
Result<ImportResult> importModel(const ImportRequest& request, const RootLock& lock,
                                 const config::Catalog& catalog, FileLayer& files, const CancelToken& cancel,
                                 const ProgressSink& progress);

} // namespace llamahome::jobs
