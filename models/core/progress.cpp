#include "core/progress.h"

namespace llamahome {

ProgressMeter::ProgressMeter(const Clock& clock)
    : m_clock(clock) {}

void ProgressMeter::update(const Progress& progress) {
    // The mere name of a phase is no amount to measure from: a resumed run begins with steps already done.
    const auto isName = [](const Progress& one) { return one.done == 0 && one.total == 0; };
    if (isName(progress) && progress.phase == m_last.phase) return;
    m_now = m_clock.monotonicSeconds();
    if (isName(m_last) || progress.phase != m_last.phase || progress.done < m_last.done) {
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
