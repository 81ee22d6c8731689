// PieceGatherer: hands text on in few, larger pieces. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "core/clock.h"

namespace llamahome::managers {

/// At most one piece an interval; what waits goes with the next one, or with flush().
class PieceGatherer {
public:
    /// `clock` outlives it.
    PieceGatherer(const Clock& clock, std::chrono::duration<double> interval,
                  std::function<void(std::string)> send)
        : m_clock(clock)
        , m_interval(interval.count())
        , m_send(std::move(send)) {}

    void take(std::string_view piece) {
        m_waiting += piece;
        const double now = m_clock.monotonicSeconds();
        if (m_hasSent && now - m_sentAt < m_interval) return;
        m_hasSent = true;
        m_sentAt = now;
        flush();
    }
    void flush() {
        if (!m_waiting.empty()) m_send(std::exchange(m_waiting, {}));
    }

private:
    const Clock& m_clock;
    double m_interval;
    std::function<void(std::string)> m_send;
    std::string m_waiting;
    double m_sentAt = 0.0;
    bool m_hasSent = false;
};

} // namespace llamahome::managers
