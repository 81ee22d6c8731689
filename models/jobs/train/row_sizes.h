// RowSizes: what a forecast needs of the data: counts, and the size of each row. A value; any thread.
#pragma once

#include <cstdint>
#include <string>
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
    std::vector<std::string> notices; ///< of the data
};

RowSizes sizesOf(const TrainData& data);
/// Reads the data of a plan for its sizes. Errors of readTrainData(), and those of the model's tokenizer and
/// template.
Result<RowSizes> readRowSizes(const TrainPlan& plan, const CancelToken& cancel, const ProgressSink& progress);
/// As if rows had been cut after so many tokens.
RowSizes cutAfter(const RowSizes& sizes, std::uint32_t tokens);

/// So many rows whose lengths are spread as those of `rows` are, the shortest first; fewer, at least one,
/// where they would have more than `mostTokens`. `rows` is not empty.
std::vector<RowSize> typicalRows(std::vector<RowSize> rows, int count, std::uint64_t mostTokens);

/// Steps that a forecast looks at; by then rows that are shuffled anew each epoch have met in many ways.
inline constexpr std::int64_t kForeseenSteps = 1'000'000;

/// The largest micro-batch of the plan's first kForeseenSteps steps: each extent is the largest of any.
BatchExtent largestBatch(const std::vector<RowSize>& rows, const engine::BatchPlan& plan);
/// The same of rows taken in their order, `rowsAtOnce` together, as an evaluation takes them.
BatchExtent largestBatch(const std::vector<RowSize>& rows, int rowsAtOnce);

} // namespace llamahome::jobs
