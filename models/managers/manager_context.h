// ManagerContext: the workspace and the threads that the managers share. GUI thread.
#pragma once

#include "managers/engine_host.h"
#include "managers/job_list.h"
#include "managers/lock_keeper.h"
#include "managers/task_runner.h"
#include "managers/workspace.h"

namespace llamahome::managers {

/// Made before every manager and destroyed after it. Its destructor ends the threads before the list that
/// they post to.
struct ManagerContext {
    explicit ManagerContext(Workspace place)
        : workspace(std::move(place))
        , jobs(*workspace.clock)
        , lock(workspace.root, *workspace.files)
        , engine(workspace.openEngine) {}

    Workspace workspace;
    JobList jobs;
    LockKeeper lock;
    EngineHost engine;
    FilePool filePool; ///< for what is quick: runTask()
    FilePool jobPool;  ///< for long jobs, which wait for each other only
};

} // namespace llamahome::managers
