#include "download/retries.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "core/error_codes.h"

namespace llamahome::download {
namespace {

constexpr double kPauseSliceSeconds = 0.1;

Error afterTries(const Error& error, int tries) {
    return {error.code, error.message + "; tried " + std::to_string(tries) + " times", error.detail};
}

} // namespace

bool isPassing(const Error& error, int status) {
    if (error.code == codes::kHttpStatus)
        return status == 408 || status == 425 || status == 429 || status >= 500;
    return error.code == codes::kNetworkFailure || error.code == codes::kNetworkStalled;
}

void pauseForSeconds(double seconds, const CancelToken& cancel) {
    for (double left = seconds; left > 0.0 && !cancel.isCancelled(); left -= kPauseSliceSeconds)
        std::this_thread::sleep_for(std::chrono::duration<double>(std::min(left, kPauseSliceSeconds)));
}

Retries::Retries(Pause pause, Patience patience, Waiting waiting)
    : m_pause(std::move(pause))
    , m_patience(patience)
    , m_waiting(std::move(waiting)) {}

std::optional<Error> Retries::giveUp(const FailedTry& failed, const CancelToken& cancel) {
    if (cancel.isCancelled()) return Error{codes::kCancelled, "stopped on request"};
    if (failed.hasProgressed) {
        m_fruitless = 0;
        m_expiredLinks = 0;
        m_waitedSeconds = 0.0;
    }
    ++m_fruitless;
    if (failed.isExpiredLink) {
        if (++m_expiredLinks >= kExpiredLinks) return afterTries(failed.error, m_expiredLinks);
    } else if (!failed.isToRepeat && !isPassing(failed.error, failed.status)) {
        return failed.error;
    }
    if (m_fruitless >= m_patience.triesWithoutProgress && m_waitedSeconds >= m_patience.waitSeconds)
        return afterTries(failed.error, m_fruitless);
    const double seconds = pauseSeconds(failed);
    m_waitedSeconds += seconds;
    if (m_waiting) m_waiting(failed.error, seconds);
    m_pause(seconds, cancel);
    if (cancel.isCancelled()) return Error{codes::kCancelled, "stopped on request"};
    return std::nullopt;
}

double Retries::pauseSeconds(const FailedTry& failed) {
    double seconds = kFirstPauseSeconds;
    for (int i = 1; i < m_fruitless && seconds < kLongestPauseSeconds; ++i)
        seconds *= 2.0;
    seconds = std::min(seconds, kLongestPauseSeconds);
    seconds *= 1.0 + std::uniform_real_distribution<>(0.0, kPauseSpread)(m_random);
    return std::max(seconds, std::min(failed.pauseAsked.value_or(0.0), kLongestServerPauseSeconds));
}

} // namespace llamahome::download
