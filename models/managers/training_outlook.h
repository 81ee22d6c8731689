// TrainingOutlook: what a run would need, and what to change where it does not fit. The file pool.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/settings_loader.h"
#include "core/result.h"
#include "jobs/library/data_root.h"
#include "jobs/train/forecast.h"
#include "jobs/train/train_plan.h"
#include "jobs/train/train_rate.h"

namespace llamahome::managers {

/// What makes a run fit.
struct FitChange {
    std::vector<config::OptionValue> settings; ///< to set, all of them
    std::uint64_t memoryBytes = 0;             ///< that the run would take then
};

struct TrainingOutlook {
    jobs::TrainForecast forecast;
    std::string settled;            ///< what memory made of settings that are `auto`; empty: nothing
    std::string rateFrom;           ///< the run whose speed the time is told by; empty: no time is told
    std::optional<Error> misfit;    ///< FIT-01 or FIT-02
    std::vector<FitChange> changes; ///< the mildest first; empty where none was found
};

/// The forecast of a plan whose data is known, at the `measured` rate, else at that of the model's newest
/// run. Reads the model's configuration.
Result<TrainingOutlook> lookAhead(const jobs::TrainPlan& plan, const jobs::RowSizes& sizes,
                                  const jobs::DataRoot& root, const std::optional<jobs::TrainRate>& measured);

} // namespace llamahome::managers
