// When a request that failed is sent again, and after which pause. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "core/cancel_token.h"
#include "core/error.h"

namespace llamahome::download {

/// Waits that long, or until `cancel` is set.
using Pause = std::function<void(double seconds, const CancelToken& cancel)>;
void pauseForSeconds(double seconds, const CancelToken& cancel);

/// A request that brings nothing new is sent so often, with a pause that doubles from one second.
inline constexpr int kTriesWithoutProgress = 6;
inline constexpr double kFirstPauseSeconds = 1.0;
inline constexpr double kLongestPauseSeconds = 60.0;

/// What is known of a request that failed.
struct FailedTry {
    Error error;
    int status = 0;                               ///< of the answer; 0: there was none
    std::optional<std::uint64_t> retryAfter = {}; ///< seconds that the server asks to wait
    bool wasWrongRange = false;                   ///< to be asked anew from the start
    bool hasProgressed = false;                   ///< more was received than ever before
};

class Retries {
public:
    explicit Retries(Pause pause)
        : m_pause(std::move(pause)) {}

    /// Waits where another try is worth it; else the error to end with: RUN-00 after a cancel, the error as
    /// it is where the next try would end alike, or with "tried N times" at the end of patience.
    std::optional<Error> giveUp(const FailedTry& failed, const CancelToken& cancel);

private:
    Pause m_pause;
    int m_fruitless = 0;
};

} // namespace llamahome::download
