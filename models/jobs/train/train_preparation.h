// What is settled of a run before its training, the same for a new and a resumed one. The engine thread.
#pragma once

#include <filesystem>
#include <vector>

#include "core/result.h"
#include "jobs/train/forecast.h"
#include "jobs/train/train_plan.h"
#include "jobs/train/train_session.h"

namespace llamahome::jobs {

struct Prepared {
    TrainWork work;
    TrainForecast forecast;
};

/// Reads the data, settles what is `auto`, and refuses what does not fit.
Result<Prepared> prepare(const TrainPlan& plan, const TrainPlace& place);

/// Those whose change would make another run of it.
std::vector<std::filesystem::path> filesOf(const TrainPlan& plan);

} // namespace llamahome::jobs
