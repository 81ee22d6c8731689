// How fast a run would be, measured: one step of it on its own model, after one that warms up. The engine
// thread.
#pragma once

#include "core/cancel_token.h"
#include "core/clock.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "core/result.h"
#include "jobs/train/forecast.h"
#include "jobs/train/train_rate.h"
#include "llama/engine.h"

namespace llamahome::jobs {

/// Trains two steps of the plan's settings, as the forecast settled them, on random tokens in rows of
/// forecast.typicalRows; the second one's rate. Loads the model for that and writes nothing. RUN-00 when
/// cancelled; errors of loading and training, those of a run.
Result<TrainRate> measureRate(const TrainPlan& plan, const TrainForecast& forecast, engine::Engine& engine,
                              FileLayer& files, const CancelToken& cancel, const ProgressSink& progress);

} // namespace llamahome::jobs
