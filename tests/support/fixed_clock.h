// A Clock that stands still until told otherwise: 2026-01-31T12:00:00Z. One thread.
#pragma once

#include "core/clock.h"

namespace llamahome::testing {

class FixedClock final : public Clock {
public:
    double monotonicSeconds() const override { return m_seconds; }
    std::chrono::system_clock::time_point now() const override {
        constexpr std::chrono::seconds kStart{1'769'860'800};
        return std::chrono::system_clock::time_point(kStart) +
               std::chrono::milliseconds(static_cast<std::int64_t>(m_seconds * 1000.0));
    }
    void advance(double seconds) { m_seconds += seconds; }

private:
    double m_seconds = 0.0;
};

} // namespace llamahome::testing
