#include "llama/train/lr_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace llamahome::engine {

LrSchedule::LrSchedule(std::string_view kind, double peakLearningRate, double warmupRatio,
                       std::int64_t totalSteps)
    : m_kind(kind == "linear"   ? Kind::Linear
             : kind == "cosine" ? Kind::Cosine
                                : Kind::Constant)
    , m_peak(peakLearningRate)
    , m_warmupSteps(static_cast<std::int64_t>(std::ceil(warmupRatio * static_cast<double>(totalSteps))))
    , m_totalSteps(totalSteps) {}

double LrSchedule::rateOf(std::int64_t stepIndex) const {
    const auto step = static_cast<double>(stepIndex);
    const auto warmup = static_cast<double>(m_warmupSteps);
    if (stepIndex < m_warmupSteps) return m_peak * step / std::max(1.0, warmup);
    if (m_kind == Kind::Constant) return m_peak;
    const double afterWarmup = std::max(1.0, static_cast<double>(m_totalSteps) - warmup);
    if (m_kind == Kind::Linear)
        return m_peak * std::max(0.0, (static_cast<double>(m_totalSteps) - step) / afterWarmup);
    const double progress = (step - warmup) / afterWarmup;
    return m_peak * std::max(0.0, 0.5 * (1.0 + std::cos(std::numbers::pi * progress)));
}

} // namespace llamahome::engine
