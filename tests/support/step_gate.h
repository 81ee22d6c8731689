// StepGate: holds a fake training before one of its steps until the test lets it go. Two threads.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace llamahome::testing {

class StepGate {
public:
    /// The step before which to wait; 0: none.
    void holdBefore(std::int64_t step) {
        const std::lock_guard lock(m_mutex);
        m_step = step;
        m_isReached = false;
        m_isOpen = false;
    }
    /// For FakeScript::beforeStep.
    void pass(std::int64_t step) {
        std::unique_lock lock(m_mutex);
        if (step != m_step) return;
        m_isReached = true;
        m_opened.wait(lock, [this] { return m_isOpen; });
        m_step = 0;
    }
    bool isReached() const {
        const std::lock_guard lock(m_mutex);
        return m_isReached;
    }
    void open() {
        const std::lock_guard lock(m_mutex);
        m_isOpen = true;
        m_opened.notify_all();
    }

private:
    mutable std::mutex m_mutex;
    std::condition_variable m_opened;
    std::int64_t m_step = 0;
    bool m_isReached = false;
    bool m_isOpen = false;
};

} // namespace llamahome::testing
