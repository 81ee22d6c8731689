#include "managers/lock_keeper.h"

#include <utility>

namespace llamahome::managers {

LockKeeper::LockKeeper(jobs::DataRoot root, FileLayer& files)
    : m_root(std::move(root))
    , m_files(files) {}

Result<std::shared_ptr<const jobs::RootLock>> LockKeeper::acquire() {
    const std::lock_guard guard(m_mutex);
    if (auto held = m_lock.lock()) return held;
    auto acquired = jobs::RootLock::acquire(m_root, m_files);
    if (!acquired) return acquired.error();
    auto shared = std::make_shared<const jobs::RootLock>(std::move(*acquired));
    m_lock = shared;
    return shared;
}

} // namespace llamahome::managers
