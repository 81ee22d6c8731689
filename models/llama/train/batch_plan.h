// BatchPlan: which data rows each optimiser step holds, a pure function of seed and step. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace llamahome::engine {

/// One micro-batch: indices of data rows.
using MicroBatch = std::vector<std::size_t>;

/// Rows are shuffled anew each epoch by Philox(seed, epoch). An epoch's last micro-batch and last
/// accumulation window may be short; both are used (transformers: ceil on both).
class BatchPlan {
public:
    /// `maxSteps` above 0 overrides the epochs. rowCount, batchSize, accumulation ≥ 1.
    BatchPlan(std::size_t rowCount, int batchSize, int gradientAccumulation, int epochs,
              std::int64_t maxSteps, std::int64_t seed, bool shuffle);

    std::int64_t stepsPerEpoch() const { return m_stepsPerEpoch; }
    std::int64_t totalSteps() const { return m_totalSteps; }
    /// Micro-batches of the step with that index, counted from 0.
    std::vector<MicroBatch> step(std::int64_t stepIndex) const;
    /// Data rows consumed when that many steps are done.
    std::int64_t rowsConsumedAfter(std::int64_t steps) const;
    /// Epochs done, as a fraction, when that many steps are done.
    double epochAfter(std::int64_t steps) const;

private:
    const std::vector<std::size_t>& orderOf(std::int64_t epoch) const;

    std::size_t m_rowCount;
    std::size_t m_batchSize;
    std::size_t m_accumulation;
    std::int64_t m_seed;
    bool m_shuffle;
    std::int64_t m_stepsPerEpoch;
    std::int64_t m_totalSteps;
    mutable std::int64_t m_orderEpoch = -1; ///< epoch whose order is kept in m_order
    mutable std::vector<std::size_t> m_order;
};

inline constexpr std::int64_t kLeastEvaluationInterval = 5;

/// Steps between evaluations: the setting; for 0 four times in an epoch or in the run, whichever is shorter,
/// but no oftener than every kLeastEvaluationInterval steps.
std::int64_t evaluationInterval(int everySteps, const BatchPlan& plan);

} // namespace llamahome::engine
