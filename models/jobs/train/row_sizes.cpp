#include "jobs/train/row_sizes.h"

#include <algorithm>

#include "jobs/chat_template_choice.h"

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
    return {data.counts, sizesOfRows(data.trainRows), sizesOfRows(data.validationRows), data.notices};
}

Result<RowSizes> readRowSizes(const TrainPlan& plan, const CancelToken& cancel,
                              const ProgressSink& progress) {
    const auto tokenizer = text::Tokenizer::load(plan.modelFolder);
    if (!tokenizer) return tokenizer.error();
    const auto chatTemplate = chosenTemplate(plan.modelFolder, plan.settings.data.template_name);
    if (!chatTemplate) return chatTemplate.error();
    const auto data = readTrainData(plan, *tokenizer, *chatTemplate, cancel, progress);
    if (!data) return data.error();
    return sizesOf(*data);
}

RowSizes cutAfter(const RowSizes& sizes, std::uint32_t tokens) {
    RowSizes cut = sizes;
    cut.counts.longestRow = std::min<std::uint64_t>(cut.counts.longestRow, tokens);
    for (auto* rows : {&cut.trainRows, &cut.validationRows})
        for (RowSize& row : *rows)
            row = {std::min(row.tokens, tokens), std::min(row.targets, tokens)};
    return cut;
}

std::vector<RowSize> typicalRows(std::vector<RowSize> rows, int count, std::uint64_t mostTokens) {
    std::sort(rows.begin(), rows.end(),
              [](const RowSize& one, const RowSize& other) { return one.tokens < other.tokens; });
    std::vector<RowSize> taken;
    for (auto wanted = static_cast<std::size_t>(std::max(1, count)); wanted >= 1; --wanted) {
        taken.clear();
        std::uint64_t tokens = 0;
        for (std::size_t i = 0; i < wanted; ++i) {
            taken.push_back(rows[(2 * i + 1) * rows.size() / (2 * wanted)]);
            tokens += taken.back().tokens;
        }
        if (tokens <= mostTokens) break;
    }
    return taken;
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
