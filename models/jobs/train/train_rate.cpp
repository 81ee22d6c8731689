#include "jobs/train/train_rate.h"

#include <algorithm>
#include <vector>

#include "jobs/train/metric_log.h"
#include "jobs/train/run_list.h"

namespace llamahome::jobs {

std::optional<TrainRate> rateOfRuns(const TrainPlan& plan, const DataRoot& root) {
    std::optional<RunInfo> newest;
    for (const RunInfo& run : listRuns(root)) {
        const bool isSameModel = run.record.family == plan.family && run.record.version == plan.version;
        if (isSameModel && (!newest || run.record.updatedAt > newest->record.updatedAt)) newest = run;
    }
    if (!newest) return std::nullopt;
    const auto lines = readMetrics(newest->path / "metrics.jsonl");
    if (!lines) return std::nullopt;
    std::vector<double> rates;
    for (const MetricLine& line : *lines)
        if (!line.point.isEvaluation && line.point.tokensPerSecond > 0)
            rates.push_back(line.point.tokensPerSecond);
    if (rates.empty()) return std::nullopt;
    const auto middle = rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2);
    std::nth_element(rates.begin(), middle, rates.end());
    return TrainRate{*middle, "run " + newest->name};
}

} // namespace llamahome::jobs
