// Takes over a model or an adapter that is already on this machine. Not on the GUI thread; one at a time by
// the lock.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/catalog.h"
#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "core/result.h"
#include "jobs/import/import_source.h"
#include "jobs/library/library.h"
#include "jobs/library/root_lock.h"

namespace llamahome::jobs {

struct ImportRequest {
    std::filesystem::path source; ///< whatever inspectSource() takes
    std::string family;           ///< as importName() takes both; empty: by the source's name
    std::string version;
    bool link = false; ///< weights as symbolic links to the source; folders in Hub layout and adapters only
    bool replace = false;        ///< takes the place of another model of that name
    SourcePlaces places = {};    ///< where what is no path is looked for
    std::string sourceName = {}; ///< recorded as where it came from; empty: by the source's own name
    std::string commit = {};     ///< of the Hub, recorded with it; empty: what the source tells
};

struct ImportResult {
    ModelEntry entry;
    bool wasThere = false; ///< the same model was installed already, and whole; nothing was written
    bool replaced = false; ///< it stands in the place of one that was damaged or another
    /// What the user should know, in words: parts of the source that were left out, what was taken for
    /// granted.
    std::vector<std::string> notes = {};
    std::optional<ModelEntry> base = {}; ///< of an adapter, where it is installed
};

/// Copies, links or converts into a folder beside the final one, checks structure and hashes, writes the
/// manifest last and renames. Clears away first what cut-off imports and removals left. The same model that
/// is there damaged or offline is put right so: its place is taken in one step, by one that is whole. (Where
/// the file system cannot exchange names, two steps; cut between them, the next import or removal puts the
/// old one back.) A folder that lies in its place in the data root, in Hub layout or PEFT's, is taken over
/// where it is. An adapter must fit the installed model that it names as its base (LORA-xx); where it names
/// none that is there, the only one that it fits is recorded as its base, and a note tells. IMP-01 source is
/// no model; IMP-03 another model of that name is there, and request.replace is not set, or files that are
/// not the model's are in the folder; IMP-04 name; FILE-03 too little room, before the first byte; else the
/// error of format or structure. On any failure nothing of it stays.
Result<ImportResult> importModel(const ImportRequest& request, const RootLock& lock,
                                 const config::Catalog& catalog, FileLayer& files, const CancelToken& cancel,
                                 const ProgressSink& progress);

} // namespace llamahome::jobs
