// Clock: time of day and monotonic time behind an interface, so that tests own time. Any thread.
#pragma once

#include <chrono>
#include <string>

namespace llamahome {

class Clock {
public:
    virtual ~Clock() = default;
    /// Seconds from an arbitrary start; never goes back.
    virtual double monotonicSeconds() const = 0;
    /// Time of day.
    virtual std::chrono::system_clock::time_point now() const = 0;
};

/// The machine's clock. Lives as long as the program.
const Clock& systemClock();

/// "2026-01-31T12:00:00.000Z"; independent of the locale.
std::string formatUtc(std::chrono::system_clock::time_point time);
/// "31 Jan 2026" in English and UTC, as chat templates want it.
std::string formatTemplateDate(std::chrono::system_clock::time_point time);

} // namespace llamahome
