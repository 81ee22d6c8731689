// Puts right what verifyModel() found and what needs no other files. Not on the GUI thread.
#pragma once

#include <string>
#include <vector>

#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "core/result.h"
#include "jobs/library/root_lock.h"
#include "jobs/verify/verify_model.h"

namespace llamahome::jobs {

/// Whether repairModel() does it.
bool isRepairable(const Repair& repair);

/// What repairModel() can do about a report: each kind once, in the order in which they are to be done.
std::vector<Repair> repairsOf(const VerifyReport& report);

/// What a person types for it: "chmod u+r …", "llamahome verify smollm2 135m-instruct --repair".
std::string repairCommand(const ModelEntry& entry, const Repair& repair);

/// Does it. RecordAnew looks at the whole structure and at every number first and refuses with what is wrong
/// (VER-xx, ST-xx, …); names and source of an old manifest that can be read are kept, `origin` of the hashes
/// tells that they were taken here. RemoveFiles takes them off the manifest too. FILE-02 where the files are
/// somebody else's; INT-01 for GetAgain and FetchAgain.
Result<void> repairModel(const ModelEntry& entry, const Repair& repair, const RootLock& lock,
                         FileLayer& files, const CancelToken& cancel, const ProgressSink& progress);

} // namespace llamahome::jobs
