// What somebody who watches a set of transfers may ask for while it runs. Any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "core/cancel_token.h"

namespace llamahome::download {

class TransferControl {
public:
    /// Connections are left with the next bytes that arrive; everything received stays.
    void pause();
    void goOn();
    bool isPaused() const;
    /// Returns when it goes on, or on cancel.
    void waitWhilePaused(const CancelToken& cancel) const;

    /// Of all transfers together; 0: none.
    void setLimit(std::uint64_t bytesPerSecond) { m_bytesPerSecond = bytesPerSecond; }
    std::uint64_t limit() const { return m_bytesPerSecond; }

    /// Of the files that wait for their turn this one comes next; asked again, another before it.
    void putFirst(std::string path);
    /// The paths that were put first, the last one in front.
    std::vector<std::string> wishes() const;

private:
    mutable std::mutex m_mutex;
    mutable std::condition_variable m_changed;
    bool m_isPaused = false;
    std::atomic<std::uint64_t> m_bytesPerSecond = 0;
    std::vector<std::string> m_wishes;
};

} // namespace llamahome::download
