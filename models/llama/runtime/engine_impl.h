// The Engine behind the façade. Engine thread.
#pragma once

#include "llama/engine.h"

namespace llamahome::engine {

/// Makes the engine of this library.
Result<std::unique_ptr<Engine>> createEngine();

} // namespace llamahome::engine
