// How fast a model trained here before, for the time in a forecast. Any thread but GUI.
#pragma once

#include <optional>
#include <string>

#include "jobs/library/data_root.h"
#include "jobs/train/train_plan.h"

namespace llamahome::jobs {

struct TrainRate {
    double tokensPerSecond = 0.0;
    std::string from; ///< "run smollm2_135m-instruct-2", "a measured step"
};

/// Median rate of the newest run of the plan's model; nothing where it has none.
std::optional<TrainRate> rateOfRuns(const TrainPlan& plan, const DataRoot& root);

} // namespace llamahome::jobs
