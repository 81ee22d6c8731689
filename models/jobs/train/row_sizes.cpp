#include "jobs/train/row_sizes.h"

#include <algorithm>

namespace llamahome::jobs {
namespace {

std::vector<RowSize> sizesOfRows(const std::vector<text::TokenRow>& rows) {
    std::vector<RowSize> sizes;
    sizes.reserve(rows.size());
    for (const text::TokenRow& row : rows)
        sizes.push_back(
            {static_cast<std::uint32_t>(row.tokens.size()), static_cast<std::uint32_t>(row.targetCount())});
    return sizes;
}

void add(BatchExtent& batch, const RowSize& row) {
    batch.tokens += row.tokens;
    batch.targets += row.targets;
    batch.longestRow = std::max<std::int64_t>(batch.longestRow, row.tokens);
}

void widen(BatchExtent& largest, const BatchExtent& batch) {
    largest.tokens = std::max(largest.tokens, batch.tokens);
    largest.targets = std::max(largest.targets, batch.targets);
    largest.longestRow = std::max(largest.longestRow, batch.longestRow);
}

} // namespace

RowSizes sizesOf(const TrainData& data) {
    return {data.counts, sizesOfRows(data.trainRows), sizesOfRows(data.validationRows)};
}

RowSizes cutAfter(const RowSizes& sizes, std::uint32_t tokens) {
    RowSizes cut = sizes;
    cut.counts.longestRow = std::min<std::uint64_t>(cut.counts.longestRow, tokens);
    for (auto* rows : {&cut.trainRows, &cut.validationRows})
        for (RowSize& row : *rows)
            row = {std::min(row.tokens, tokens), std::min(row.targets, tokens)};
    return cut;
}

BatchExtent largestBatch(const std::vector<RowSize>& rows, const engine::BatchPlan& plan) {
    BatchExtent largest;
    const std::int64_t steps = std::min(plan.totalSteps(), kForeseenSteps);
    for (std::int64_t step = 0; step < steps; ++step)
        for (const engine::MicroBatch& microBatch : plan.step(step)) {
            BatchExtent batch;
            for (const std::size_t row : microBatch)
                add(batch, rows[row]);
            widen(largest, batch);
        }
    return largest;
}

BatchExtent largestBatch(const std::vector<RowSize>& rows, int rowsAtOnce) {
    BatchExtent largest;
    const auto atOnce = static_cast<std::size_t>(std::max(1, rowsAtOnce));
    for (std::size_t first = 0; first < rows.size(); first += atOnce) {
        BatchExtent batch;
        for (std::size_t i = first; i < std::min(first + atOnce, rows.size()); ++i)
            add(batch, rows[i]);
        widen(largest, batch);
    }
    return largest;
}

} // namespace llamahome::jobs
