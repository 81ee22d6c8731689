// LockKeeper: one RootLock for all jobs of this process, held while one of them works. Any thread.
#pragma once

#include <memory>
#include <mutex>

#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/data_root.h"
#include "jobs/library/root_lock.h"

namespace llamahome::managers {

/// Two locks in one process would exclude each other, so jobs share one; the last to let go releases it and
/// the shell may work in the root again.
class LockKeeper {
public:
    LockKeeper(jobs::DataRoot root, FileLayer& files);

    /// ROOT-03 names the other process that holds the lock.
    Result<std::shared_ptr<const jobs::RootLock>> acquire();

private:
    jobs::DataRoot m_root;
    FileLayer& m_files;
    std::mutex m_mutex;
    std::weak_ptr<const jobs::RootLock> m_lock;
};

} // namespace llamahome::managers
