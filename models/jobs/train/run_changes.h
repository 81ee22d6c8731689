// Changes of settings in a run that goes on: what may change, and the run's settings with them. Any thread.
#pragma once

#include <string>
#include <vector>

#include "config/settings.h"
#include "core/result.h"
#include "jobs/train/run_record.h"

namespace llamahome::jobs {

/// Puts the settings that were changed so far, as recorded, over those with which the run began.
void applyRecordedChanges(const std::vector<RunChange>& changes, config::Settings& settings);

/// Makes the changes that are asked for and tells those that are any; their step is still to be set. RUN-08
/// for a setting that a run keeps to its end, or where rows at once times accumulation would be another
/// number of rows a step; CFG-07, CFG-08 for a wrong value. `settings` is changed only on success.
Result<std::vector<RunChange>> changeSettings(const std::vector<RunSetting>& wanted,
                                              config::Settings& settings);

/// "training.learning_rate 2.0e-04 → 1.0e-04, …".
std::string changesInWords(const std::vector<RunChange>& changes);

} // namespace llamahome::jobs
