// What an import does with weights that are not in Hub layout. Not on the GUI thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "core/result.h"
#include "jobs/import/import_source.h"

namespace llamahome::jobs {

/// Writes a source that isConverted() into `folder` as a model in Hub layout, with the texts that go along
/// with it. `isInstruct`: a model of Meta's answers in turns. Gives what the user should know, in words:
/// parts that were left out, what was taken for granted. On failure the folder may hold some of the files.
Result<std::vector<std::string>> convertSource(const ImportSource& source, bool isInstruct, FileLayer& files,
                                               const std::filesystem::path& folder, const CancelToken& cancel,
                                               const ProgressSink& progress);

} // namespace llamahome::jobs
