// When a request that failed is sent again, and after which pause. One thread.
#pragma once

#include <functional>
#include <optional>
#include <random>

#include "core/cancel_token.h"
#include "core/error.h"

namespace llamahome::download {

/// Waits that long, or until `cancel` is set.
using Pause = std::function<void(double seconds, const CancelToken& cancel)>;
void pauseForSeconds(double seconds, const CancelToken& cancel);

/// A request that brings nothing new is sent so often, with a pause that doubles from one second and is up to
/// a quarter longer, so that not all who were cut off come back at once.
inline constexpr int kTriesWithoutProgress = 6;
inline constexpr double kFirstPauseSeconds = 1.0;
inline constexpr double kLongestPauseSeconds = 60.0;
inline constexpr double kPauseSpread = 0.25;
/// What a server may ask for; a server that asks for days is asked again after this.
inline constexpr double kLongestServerPauseSeconds = 900.0;
/// A link that the source gave and its other host refuses is asked for anew so often.
inline constexpr int kExpiredLinks = 3;

/// How long somebody waits for a network that is away.
struct Patience {
    int triesWithoutProgress = kTriesWithoutProgress;
    double waitSeconds = 0.0; ///< so long after those tries too, once a minute; infinity: until cancelled
};

/// What is known of a request that failed.
struct FailedTry {
    Error error;
    int status = 0;                        ///< of the answer; 0: there was none
    std::optional<double> pauseAsked = {}; ///< seconds that the server asks to wait
    bool isToRepeat = false;               ///< the next try asks for something else
    bool isExpiredLink = false;            ///< a redirect's host refused; the next try asks the source anew
    bool hasProgressed = false;            ///< more was received than ever before
};

class Retries {
public:
    /// Told before each pause.
    using Waiting = std::function<void(const Error& reason, double seconds)>;

    explicit Retries(Pause pause, Patience patience = {}, Waiting waiting = {});

    /// Waits where another try is worth it; else the error to end with: RUN-00 after a cancel, the error as
    /// it is where the next try would end alike, or with "tried N times" at the end of patience.
    std::optional<Error> giveUp(const FailedTry& failed, const CancelToken& cancel);

private:
    double pauseSeconds(const FailedTry& failed);

    Pause m_pause;
    Patience m_patience;
    Waiting m_waiting;
    std::minstd_rand m_random{std::random_device()()};
    int m_fruitless = 0;
    int m_expiredLinks = 0;
    double m_waitedSeconds = 0.0; ///< since the last progress
};

/// Whether trying later can help: the network or the server is away for a while.
bool isPassing(const Error& error, int status);

} // namespace llamahome::download
