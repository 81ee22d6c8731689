#include "jobs/train/loss_watch.h"

#include "core/quantity.h"

namespace llamahome::jobs {

std::optional<std::string> LossWatch::look(const engine::MetricPoint& point) {
    if (point.isEvaluation || point.learningRate == 0.0) return {};
    m_alike = m_loss == point.trainLoss ? m_alike + 1 : 1;
    m_loss = point.trainLoss;
    if (m_isTold) return {};
    const std::string until = "until step " + std::to_string(point.step);
    if (point.trainLoss == 0.0 && m_alike >= kStepsAtZero) {
        m_isTold = true;
        return "the loss is exactly 0 " + until +
               ", so nothing is left to learn: stop, and look with "
               "`llamahome data` at what of the rows is trained";
    }
    if (m_alike < kStepsAlike) return {};
    m_isTold = true;
    return "the loss has been " + formatNumber(point.trainLoss) + " in each of the last " +
           std::to_string(kStepsAlike) + " steps " + until +
           ", so nothing is learned: stop, and try a higher training.learning_rate or other data";
}

} // namespace llamahome::jobs
