#include "download/rate_limiter.h"

#include <algorithm>

namespace llamahome::download {
namespace {

constexpr double kSavedSeconds = 1.0;
constexpr double kLookSeconds = 0.5; ///< between looks at the limit

} // namespace

RateLimiter::RateLimiter(const Clock& clock, Pause pause)
    : m_clock(clock)
    , m_pause(std::move(pause)) {}

void RateLimiter::admit(std::uint64_t bytes, const Limit& limit, const CancelToken& cancel) {
    const std::uint64_t booked = limit();
    for (double left = book(bytes, booked); left > 0.0; left -= kLookSeconds) {
        m_pause(std::min(left, kLookSeconds), cancel);
        if (cancel.isCancelled() || limit() != booked) return;
    }
}

double RateLimiter::book(std::uint64_t bytes, std::uint64_t bytesPerSecond) {
    const std::lock_guard guard(m_mutex);
    const double now = m_clock.monotonicSeconds();
    if (bytesPerSecond != m_bytesPerSecond) m_freeAt = now;
    m_bytesPerSecond = bytesPerSecond;
    if (bytesPerSecond == 0) return 0.0;
    m_freeAt = std::max(m_freeAt, now - kSavedSeconds);
    m_freeAt += static_cast<double>(bytes) / static_cast<double>(bytesPerSecond);
    return m_freeAt - now;
}

} // namespace llamahome::download
