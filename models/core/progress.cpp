#include "core/progress.h"

namespace llamahome {

ProgressMeter::ProgressMeter(const Clock& clock)
    : m_clock(clock) {}

void ProgressMeter::update(const Progress& progress) {
    m_now = m_clock.monotonicSeconds();
    if (progress.phase != m_last.phase || progress.done < m_last.done) {
        m_phaseStart = m_now;
        m_phaseFirst = progress.done;
    }
    m_last = progress;
}

std::optional<double> ProgressMeter::ratePerSecond() const {
    const double elapsed = m_now - m_phaseStart;
    if (elapsed < 0.2 || m_last.done <= m_phaseFirst) return std::nullopt;
    return static_cast<double>(m_last.done - m_phaseFirst) / elapsed;
}

std::optional<double> ProgressMeter::secondsLeft() const {
    const auto rate = ratePerSecond();
    if (!rate || m_last.total == 0 || m_last.done > m_last.total) return std::nullopt;
    return static_cast<double>(m_last.total - m_last.done) / *rate;
}

} // namespace llamahome
