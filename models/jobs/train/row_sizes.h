// RowSizes: what a forecast needs of the data: counts, and the size of each row. A value; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "jobs/memory_estimate.h"
#include "jobs/train/train_data.h"
#include "llama/train/batch_plan.h"

namespace llamahome::jobs {

struct RowSize {
    std::uint32_t tokens = 0;
    std::uint32_t targets = 0; ///< that the model is trained to produce
};

struct RowSizes {
    DataCounts counts;
    std::vector<RowSize> trainRows;
    std::vector<RowSize> validationRows;
};

RowSizes sizesOf(const TrainData& data);
/// As if rows had been cut after so many tokens.
RowSizes cutAfter(const RowSizes& sizes, std::uint32_t tokens);

/// Steps that a forecast looks at; by then rows that are shuffled anew each epoch have met in many ways.
inline constexpr std::int64_t kForeseenSteps = 1'000'000;

/// The largest micro-batch of the plan's first kForeseenSteps steps: each extent is the largest of any.
BatchExtent largestBatch(const std::vector<RowSize>& rows, const engine::BatchPlan& plan);
/// The same of rows taken in their order, `rowsAtOnce` together, as an evaluation takes them.
BatchExtent largestBatch(const std::vector<RowSize>& rows, int rowsAtOnce);

} // namespace llamahome::jobs
