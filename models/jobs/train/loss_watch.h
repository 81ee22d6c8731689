// LossWatch: notices a train loss that cannot be right while a run goes on. One thread.
#pragma once

#include <optional>
#include <string>

#include "llama/engine.h"

namespace llamahome::jobs {

inline constexpr int kStepsAtZero = 3;
inline constexpr int kStepsAlike = 10;

class LossWatch {
public:
    /// What is wrong, once: the loss was exactly 0 for kStepsAtZero steps, or the same for kStepsAlike steps
    /// whose learning rate was not 0.
    std::optional<std::string> look(const engine::MetricPoint& point);

private:
    std::optional<double> m_loss;
    int m_alike = 0; ///< steps in a row with that loss
    bool m_isTold = false;
};

} // namespace llamahome::jobs
