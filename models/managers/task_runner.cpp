#include "managers/task_runner.h"

#include <utility>

namespace llamahome::managers {

FilePool::FilePool() {
    m_pool.setMaxThreadCount(kThreads);
}

FilePool::~FilePool() {
    m_pool.clear();
    m_pool.waitForDone();
}

void FilePool::post(std::function<void()> task) {
    m_pool.start(std::move(task));
}

} // namespace llamahome::managers
