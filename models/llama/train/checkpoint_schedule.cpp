#include "llama/train/checkpoint_schedule.h"

#include <algorithm>

namespace llamahome::engine {

CheckpointSchedule::CheckpointSchedule(const config::CheckpointSettings& settings, const Clock& clock)
    : m_settings(settings)
    , m_clock(clock)
    , m_beginning(clock.monotonicSeconds())
    , m_interval(settings.every_minutes * 60.0)
    , m_setInterval(m_interval) {}

bool CheckpointSchedule::isDue(std::int64_t stepsDone) const {
    if (m_settings.every_steps > 0 && stepsDone % m_settings.every_steps == 0) return true;
    return m_settings.every_minutes > 0 && m_clock.monotonicSeconds() - m_beginning > m_interval;
}

void CheckpointSchedule::saved(double beganAt) {
    m_beginning = m_clock.monotonicSeconds();
    m_interval = std::max(m_setInterval, (m_beginning - beganAt) / kShareOfSaving);
}

} // namespace llamahome::engine
