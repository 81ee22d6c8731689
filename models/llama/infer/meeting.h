// Meeting: where the threads of one team wait for each other, hundreds of times a token. Torch-free.
//
// A barrier of the OpenMP team sleeps at once under the policy that the engine is loaded with
// (engine_loader.cpp), and waking a thread takes longer than most of what lies between two meetings. Here
// threads look for a while first, and sleep only where one of them seems to have been put aside.
#pragma once

#include <atomic>
#include <cstdint>

namespace llamahome::engine {

class Meeting {
public:
    /// Returns when all `threads` have come here; what they wrote before is seen after. The same number each
    /// time.
    void come(std::uint32_t threads) {
        const std::uint32_t round = m_round.load(std::memory_order_relaxed);
        if (m_come.fetch_add(1, std::memory_order_acq_rel) + 1 == threads) {
            m_come.store(0, std::memory_order_relaxed);
            m_round.store(round + 1, std::memory_order_release);
            m_round.notify_all(); // a system call only where one sleeps
            return;
        }
        for (int look = 0; look < kLooks; ++look) {
            if (m_round.load(std::memory_order_acquire) != round) return;
            pause();
        }
        m_round.wait(round, std::memory_order_acquire);
    }

private:
    static constexpr int kLooks = 2000; ///< some 100 µs

    static void pause() {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#endif
    }

    std::atomic<std::uint32_t> m_come{0};
    alignas(64) std::atomic<std::uint32_t> m_round{0}; ///< looked at meanwhile: a cache line of its own
};

} // namespace llamahome::engine
