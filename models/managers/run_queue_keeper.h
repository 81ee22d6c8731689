// RunQueueKeeper: the queue of training runs on the disk, of several changes the last only. put() on the GUI
// thread; the rest on the file pool.
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "core/file_layer.h"
#include "jobs/train/run_queue.h"

namespace llamahome::managers {

/// The file is touched by one thread at a time.
class RunQueueKeeper {
public:
    RunQueueKeeper(jobs::DataRoot root, FileLayer& files);

    /// The list that the next drain() writes. Never waits for a file.
    void put(std::vector<jobs::QueuedRun> list);
    /// One that cannot be written is logged; the next change tries again.
    void drain();
    std::vector<jobs::QueuedRun> read();

private:
    jobs::DataRoot m_root;
    FileLayer& m_files;
    std::mutex m_fileGuard; ///< held while the file is read or written
    std::mutex m_waitingGuard;
    std::optional<std::vector<jobs::QueuedRun>> m_waiting;
};

} // namespace llamahome::managers
