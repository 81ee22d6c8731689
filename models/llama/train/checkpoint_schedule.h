// CheckpointSchedule: when a checkpoint is due by steps or by time. Any thread.
#pragma once

#include <cstdint>

#include "config/training_settings.h"
#include "core/clock.h"

namespace llamahome::engine {

/// Saving by time takes at most this share of it: on a slow disk the interval is stretched.
inline constexpr double kShareOfSaving = 0.1;

class CheckpointSchedule {
public:
    /// The interval begins now. `clock` outlives it.
    CheckpointSchedule(const config::CheckpointSettings& settings, const Clock& clock);

    /// After that many steps, besides those at evaluations.
    bool isDue(std::int64_t stepsDone) const;
    /// A save that began at `beganAt` (monotonic seconds) has ended: the interval begins now.
    void saved(double beganAt);

private:
    config::CheckpointSettings m_settings;
    const Clock& m_clock;
    double m_beginning;         ///< of the interval
    double m_interval;          ///< seconds
    const double m_setInterval; ///< as set
};

} // namespace llamahome::engine
