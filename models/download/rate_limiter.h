// A speed limit that several transfers share. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>

#include "core/cancel_token.h"
#include "core/clock.h"
#include "download/retries.h"

namespace llamahome::download {

/// Lets bytes through as fast as the limit, in the order of asking. What was not used is saved for one second
/// at most.
class RateLimiter {
public:
    explicit RateLimiter(const Clock& clock, Pause pause);

    /// Bytes a second; 0: none.
    using Limit = std::function<std::uint64_t()>;

    /// Returns when the bytes may pass, on cancel, or when the limit is another than when they began to wait:
    /// what comes after them keeps to that.
    void admit(std::uint64_t bytes, const Limit& limit, const CancelToken& cancel);

private:
    /// Seconds to wait for bytes that are booked now.
    double book(std::uint64_t bytes, std::uint64_t bytesPerSecond);

    const Clock& m_clock;
    Pause m_pause;
    std::mutex m_mutex;
    std::uint64_t m_bytesPerSecond = 0;
    double m_freeAt = 0.0; ///< when everything that is booked has passed
};

} // namespace llamahome::download
