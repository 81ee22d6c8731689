// A full model with an adapter in it, in Hub layout. Not on the GUI thread; needs no engine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "core/result.h"
#include "jobs/library.h"

namespace llamahome::jobs {

struct MergeRequest {
    ModelEntry base;              ///< usable
    ModelEntry adapter;           ///< usable
    double scale = 1.0;           ///< what the adapter is multiplied by besides its own scaling
    std::filesystem::path target; ///< the new folder
};

struct ExportResult {
    std::filesystem::path path;  ///< absolute
    std::uint64_t sizeBytes = 0; ///< of all files
    std::string turnEnd;         ///< what checkTurnEnd() found
};

/// Bytes that the merged model will have.
Result<std::uint64_t> forecastMerge(const MergeRequest& request);

/// Writes base and adapter as one model: merged weights (shards above 5 GB), the base's other files, a model
/// card and the training record; proved by its structure and by checkTurnEnd() before it gets its name.
/// EXP-01 the target is there; EXP-04 the adapter does not fit; FILE-03 too little room, before the first
/// byte. On any failure nothing of it stays. Memory: the largest tensor and the adapter.
Result<ExportResult> mergeModel(const MergeRequest& request, FileLayer& files, const CancelToken& cancel,
                                const ProgressSink& progress);

} // namespace llamahome::jobs
