// Progress: how far one long action is; ProgressMeter adds rate and time left. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/clock.h"

namespace llamahome {

/// `done` never falls within one phase and equals `total` at its end. `total` 0: not known.
struct Progress {
    std::string phase;          ///< in words, e.g. "converting weights"
    std::uint64_t done = 0;
    std::uint64_t total = 0;
    std::string unit = "bytes"; ///< "bytes", "rows", "steps", "tokens", "tensors"
};

/// Called by the working thread; must return quickly. An empty function is allowed where one is taken.
using ProgressSink = std::function<void(const Progress&)>;

/// Turns a stream of Progress into rate and time left. One thread.
class ProgressMeter {
public:
    explicit ProgressMeter(const Clock& clock);

    /// Starts anew when the phase changes.
    void update(const Progress& progress);
    /// Units per second since the phase began; nothing in the first 200 ms.
    std::optional<double> ratePerSecond() const;
    /// Seconds left by that rate; nothing while total or rate is unknown.
    std::optional<double> secondsLeft() const;

private:
    const Clock& m_clock;
    Progress m_last;
    double m_phaseStart = 0.0;
    double m_now = 0.0;
    std::uint64_t m_phaseFirst = 0;
};

} // namespace llamahome
