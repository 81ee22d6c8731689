// Made-up states of training for tests of what stores them. One thread.
#pragma once

#include <cstdint>

#include "llama/train_state.h"

namespace llamahome::testing {

/// Two adapted modules with values that depend on `step`, and everything else set. `bestStep` below 0: no
/// evaluation yet.
engine::TrainState madeUpState(std::int64_t step, std::int64_t bestStep = -1);

/// Every field equal, to the last bit.
bool sameState(const engine::TrainState& a, const engine::TrainState& b);

} // namespace llamahome::testing
