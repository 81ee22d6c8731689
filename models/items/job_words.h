// A job in words, as the status bar, the list of jobs and notifications tell it. GUI thread.
#pragma once

#include <QString>

#include "managers/job.h"

namespace llamahome::items {

/// "waiting", "running", "stopping", "done", "cancelled", "failed".
QString jobStateWords(managers::JobState state);

/// "step 120/480", "1.2 GB of 2.5 GB", "340 of 1,204 rows"; empty where nothing is known.
QString jobAmountWords(const managers::Job& job);
/// "12 MB/s", "3.2 steps/s"; empty where it cannot be told.
QString jobRateWords(const managers::Job& job);
/// "7 min left"; empty where it cannot be told.
QString jobLeftWords(const managers::Job& job);
/// All of it on one line: "Importing SmolLM2 · converting weights · 120 MB of 270 MB · 40 MB/s · 4 s left".
QString jobLine(const managers::Job& job);
/// 0 to 100, of a training's steps and not of what prepares them; -1 where it cannot be told.
int jobPercent(const managers::Job& job);
/// How it ended, for a notification: "done", "stopped, can be continued", or the cause; the state of a job
/// that goes on.
QString jobEndWords(const managers::Job& job);

} // namespace llamahome::items
