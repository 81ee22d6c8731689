#include "llama/train/batch_plan.h"

#include <algorithm>
#include <numeric>

#include "core/philox.h"

namespace llamahome::engine {
namespace {

std::size_t ceilDivide(std::size_t a, std::size_t b) {
    return (a + b - 1) / b;
}

} // namespace

BatchPlan::BatchPlan(std::size_t rowCount, int batchSize, int gradientAccumulation, int epochs,
                     std::int64_t maxSteps, std::int64_t seed, bool shuffle)
    : m_rowCount(rowCount)
    , m_batchSize(static_cast<std::size_t>(batchSize))
    , m_accumulation(static_cast<std::size_t>(gradientAccumulation))
    , m_seed(seed)
    , m_shuffle(shuffle)
    , m_stepsPerEpoch(
          static_cast<std::int64_t>(ceilDivide(ceilDivide(rowCount, m_batchSize), m_accumulation)))
    , m_totalSteps(maxSteps > 0 ? maxSteps : m_stepsPerEpoch * epochs) {}

const std::vector<std::size_t>& BatchPlan::orderOf(std::int64_t epoch) const {
    if (m_orderEpoch == epoch) return m_order;
    m_order.resize(m_rowCount);
    std::iota(m_order.begin(), m_order.end(), std::size_t{0});
    if (m_shuffle) {
        PhiloxStream random(static_cast<std::uint64_t>(m_seed), static_cast<std::uint64_t>(epoch));
        for (std::size_t i = m_rowCount; i > 1; --i)
            std::swap(m_order[i - 1], m_order[random.nextBelow(static_cast<std::uint32_t>(i))]);
    }
    m_orderEpoch = epoch;
    return m_order;
}

std::vector<MicroBatch> BatchPlan::step(std::int64_t stepIndex) const {
    const auto& order = orderOf(stepIndex / m_stepsPerEpoch);
    const auto stepInEpoch = static_cast<std::size_t>(stepIndex % m_stepsPerEpoch);
    std::size_t row = stepInEpoch * m_batchSize * m_accumulation;
    std::vector<MicroBatch> microBatches;
    for (std::size_t i = 0; i < m_accumulation && row < m_rowCount; ++i) {
        const std::size_t end = std::min(row + m_batchSize, m_rowCount);
        microBatches.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(row),
                                  order.begin() + static_cast<std::ptrdiff_t>(end));
        row = end;
    }
    return microBatches;
}

std::int64_t BatchPlan::rowsConsumedAfter(std::int64_t steps) const {
    const auto rows = static_cast<std::int64_t>(m_rowCount);
    const auto inEpoch = (steps % m_stepsPerEpoch) * static_cast<std::int64_t>(m_batchSize * m_accumulation);
    return (steps / m_stepsPerEpoch) * rows + std::min(inEpoch, rows);
}

double BatchPlan::epochAfter(std::int64_t steps) const {
    return static_cast<double>(rowsConsumedAfter(steps)) / static_cast<double>(m_rowCount);
}

std::int64_t evaluationInterval(int everySteps, const BatchPlan& plan) {
    if (everySteps > 0) return everySteps;
    const std::int64_t span = std::min(plan.stepsPerEpoch(), plan.totalSteps());
    return std::max(kLeastEvaluationInterval, (span + 3) / 4);
}

} // namespace llamahome::engine
