#include "download/retries.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "core/error_codes.h"

namespace llamahome::download {
namespace {

constexpr double kPauseSliceSeconds = 0.1;

bool isWorthRepeating(const FailedTry& failed) {
    if (failed.wasWrongRange) return true;
    if (failed.error.code == codes::kHttpStatus)
        return failed.status == 408 || failed.status == 425 || failed.status == 429 || failed.status >= 500;
    return failed.error.code == codes::kNetworkFailure || failed.error.code == codes::kNetworkStalled;
}

} // namespace

void pauseForSeconds(double seconds, const CancelToken& cancel) {
    for (double left = seconds; left > 0.0 && !cancel.isCancelled(); left -= kPauseSliceSeconds)
        std::this_thread::sleep_for(std::chrono::duration<double>(std::min(left, kPauseSliceSeconds)));
}

std::optional<Error> Retries::giveUp(const FailedTry& failed, const CancelToken& cancel) {
    if (cancel.isCancelled()) return Error{codes::kCancelled, "stopped on request"};
    if (!isWorthRepeating(failed)) return failed.error;
    m_fruitless = failed.hasProgressed ? 1 : m_fruitless + 1;
    if (m_fruitless >= kTriesWithoutProgress)
        return Error{failed.error.code,
                     failed.error.message + "; tried " + std::to_string(kTriesWithoutProgress) + " times",
                     failed.error.detail};
    double seconds = kFirstPauseSeconds;
    for (int i = 1; i < m_fruitless; ++i)
        seconds *= 2.0;
    if (failed.retryAfter) seconds = std::max(seconds, static_cast<double>(*failed.retryAfter));
    m_pause(std::min(seconds, kLongestPauseSeconds), cancel);
    if (cancel.isCancelled()) return Error{codes::kCancelled, "stopped on request"};
    return std::nullopt;
}

} // namespace llamahome::download
