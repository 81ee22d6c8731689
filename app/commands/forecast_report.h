// What `train --dry-run` shows. Main thread.
#pragma once

#include "app/command_context.h"
#include "jobs/train/train_plan.h"

namespace llamahome::app {

/// Forecasts memory, disk, steps and time; FIT-01 or FIT-02 where the run would be refused. The rate comes
/// from the newest run of the same model, else from a measured step; without an engine no time is told.
Result<void> showForecast(CommandContext& context, const jobs::TrainPlan& plan, const jobs::DataRoot& root);

} // namespace llamahome::app
