// Moves an installed model between the root and its libraries, other drives among them: there whole or not at
// all, and removed from its old place only then. Not on the GUI thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/cancel_token.h"
#include "core/clock.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "core/result.h"
#include "jobs/library/library.h"
#include "jobs/library/root_lock.h"

namespace llamahome::jobs {

struct MovePlan {
    ModelEntry entry;
    std::filesystem::path place;  ///< one of DataRoot::modelPlaces()
    std::filesystem::path target; ///< where the model will lie
    std::uint64_t bytes = 0;      ///< that are copied, links followed
    bool isRename = false;        ///< the same drive: nothing is copied
};

/// What a move would do; changes nothing. `place` is the root, or its folder with models, or one of the
/// libraries: LIB-08 names them for another one. LIB-03, LIB-04, LIB-09: it is not here, damaged, or away, as
/// is a `place` that is not there; LIB-08 also for an adapter; RM-01 where the folder holds what is not the
/// model's; IMP-03: something else has its name there; RUN-06: a run that is under way needs it.
Result<MovePlan> planMove(const DataRoot& root, const ModelEntry& entry, const std::filesystem::path& place);

struct MoveResult {
    std::filesystem::path folder;
    std::uint64_t copiedBytes = 0;
    std::vector<std::string> runs; ///< that go on with the model in its new place
};

/// Carries the plan out. On another drive each file is copied, flushed and proved by its hash, and the model
/// appears by one rename; then the old one goes as removeModel() does it. A cut leaves the model in the old
/// place, or in both, and the same move again ends it. FILE-03 before the first byte; FILE-09: the drive does
/// not give back what was written; RUN-00; errors of removal: the model is in both places then.
Result<MoveResult> moveModel(const MovePlan& plan, const RootLock& lock, FileLayer& files, const Clock& clock,
                             const CancelToken& cancel, const ProgressSink& progress);

} // namespace llamahome::jobs
