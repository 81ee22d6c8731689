#include "managers/run_queue_keeper.h"

#include <utility>

#include "core/log.h"

namespace llamahome::managers {

RunQueueKeeper::RunQueueKeeper(jobs::DataRoot root, FileLayer& files)
    : m_root(std::move(root))
    , m_files(files) {}

void RunQueueKeeper::put(std::vector<jobs::QueuedRun> list) {
    const std::lock_guard guard(m_waitingGuard);
    m_waiting = std::move(list);
}

void RunQueueKeeper::drain() {
    const std::lock_guard file(m_fileGuard);
    std::optional<std::vector<jobs::QueuedRun>> list;
    {
        const std::lock_guard guard(m_waitingGuard);
        list = std::exchange(m_waiting, std::nullopt);
    }
    if (!list) return;
    if (auto written = jobs::writeRunQueue(m_files, m_root, *list); !written)
        logLine(LogLevel::Warning, "managers", "the queue of runs is not kept: " + written.error().message);
}

std::vector<jobs::QueuedRun> RunQueueKeeper::read() {
    const std::lock_guard file(m_fileGuard);
    return jobs::readRunQueue(m_root);
}

} // namespace llamahome::managers
