#include "llama/train/early_stopping.h"

#include <cmath>

namespace llamahome::engine {

EarlyStopping::EarlyStopping(bool enabled, int patience, double minDelta, std::optional<BestState> best)
    : m_enabled(enabled)
    , m_patience(patience)
    , m_minDelta(minDelta)
    , m_best(best) {}

bool EarlyStopping::update(double evalLoss, std::int64_t step) {
    if (!m_best) {
        if (std::isfinite(evalLoss)) m_best = BestState{evalLoss, step, 0};
        return false;
    }
    const bool isLower = evalLoss < m_best->evalLoss;
    const bool isEnough = isLower && m_best->evalLoss - evalLoss > m_minDelta;
    m_best->evaluationsWithoutImprovement = isEnough ? 0 : m_best->evaluationsWithoutImprovement + 1;
    if (isLower) {
        m_best->evalLoss = evalLoss;
        m_best->step = step;
    }
    return m_enabled && m_best->evaluationsWithoutImprovement >= m_patience;
}

} // namespace llamahome::engine
