// Learning-rate multiplier by step, as transformers' schedulers compute it. Any thread.
//
// Source: transformers optimization.py (get_linear_schedule_with_warmup, get_cosine_schedule_with_warmup,
// get_constant_schedule_with_warmup).
#pragma once

#include <cstdint>
#include <string_view>

namespace llamahome::engine {

class LrSchedule {
public:
    /// `kind`: "constant", "linear" or "cosine". Warm-up steps are ceil(warmupRatio · totalSteps).
    LrSchedule(std::string_view kind, double peakLearningRate, double warmupRatio, std::int64_t totalSteps);

    /// Rate of the step with that index, counted from 0. With warm-up the first step has rate 0.
    double rateOf(std::int64_t stepIndex) const;
    std::int64_t warmupSteps() const { return m_warmupSteps; }

private:
    enum class Kind { Constant, Linear, Cosine };
    Kind m_kind;
    double m_peak;
    std::int64_t m_warmupSteps;
    std::int64_t m_totalSteps;
};

} // namespace llamahome::engine
