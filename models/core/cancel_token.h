// CancelToken: the one flag that a long action looks at. Copies share the flag. Any thread.
#pragma once

#include <atomic>
#include <memory>

namespace llamahome {

/// A copyable handle on one atomic flag. Setting it is async-signal-safe: a lock-free store.
class CancelToken {
public:
    CancelToken() : m_flag(std::make_shared<std::atomic<bool>>(false)) {}

    void cancel() const noexcept { m_flag->store(true, std::memory_order_relaxed); }
    bool isCancelled() const noexcept { return m_flag->load(std::memory_order_relaxed); }

private:
    std::shared_ptr<std::atomic<bool>> m_flag;
    static_assert(std::atomic<bool>::is_always_lock_free);
};

} // namespace llamahome
