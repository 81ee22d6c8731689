// What a run does with numbers that are none: it stops before they reach the adapter. Any thread.
#pragma once

#include <cstdint>

#include "core/result.h"

namespace llamahome::engine {

/// TRAIN-01 naming the step and which of the two is not finite.
Result<void> checkFiniteStep(double loss, double gradNorm, std::int64_t step);

/// TRAIN-01 where the loss on the validation rows after that many steps is not finite. After none it is that
/// of the base.
Result<void> checkFiniteEvaluation(double evalLoss, std::int64_t stepsDone);

} // namespace llamahome::engine
