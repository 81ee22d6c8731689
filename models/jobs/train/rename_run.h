// Another name for a run. Any thread but GUI.
#pragma once

#include <string>

#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/root_lock.h"
#include "jobs/train/run_list.h"

namespace llamahome::jobs {

/// Renames the run's folder, and the run that its finished adapter names, whose weights, digest and own name
/// stay. First the adapter, whole or not at all, then the folder at once; cut off between them, a second try
/// brings it to its end. The lock keeps other processes from training and going on meanwhile. RUN-02 for a
/// name that is no plain folder name, RUN-03 for one that is taken, RUN-06 while the run goes on, RUN-01 and
/// RUN-04 as readRun(). Its own name changes nothing. Gives the run as it is then.
Result<RunInfo> renameRun(const RunInfo& run, const std::string& name, const RootLock& lock,
                          FileLayer& files);

} // namespace llamahome::jobs
