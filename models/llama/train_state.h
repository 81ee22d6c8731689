// TrainState: everything a run needs to go on exactly where it was. A value; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "formats/peft/peft_adapter.h"

namespace llamahome::engine {

/// The best evaluation so far and the count that leads to early stopping.
struct BestState {
    double evalLoss = 0.0;
    std::int64_t step = 0;
    int evaluationsWithoutImprovement = 0;
};

/// Random numbers are drawn by counter from (seed, step, layer, module), so the run's
/// seed and the step restore them, and with them the place in the data.
struct TrainState {
    std::int64_t step = 0;        ///< optimiser steps done
    formats::PeftAdapter adapter; ///< fp32
    std::vector<float> expAvg;    ///< AdamW first moment, in the adapter's tensor order
    std::vector<float> expAvgSq;  ///< AdamW second moment
    std::optional<BestState> best;
    std::uint64_t trainedTokens = 0;
    double trainedSeconds = 0.0;
    double lastTrainLoss = 0.0;
    /// The evaluation that belongs to this step was cut off: a resumed run does it before its next step.
    bool evaluationDue = false;
};

} // namespace llamahome::engine
