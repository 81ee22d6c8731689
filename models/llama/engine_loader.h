// Opens the engine's shared library when it is first needed. Torch-free; the engine thread.
#pragma once

#include <memory>

#include "core/result.h"
#include "llama/engine.h"

namespace llamahome::engine {

/// Opens libllamahome_engine.so beside the program (or in ../lib/llamahome) and makes the engine.
/// ENG-01: library missing or damaged; ENG-02: this CPU is below libtorch's baseline (AVX2 and FMA).
/// The library stays open for the life of the process.
Result<std::unique_ptr<Engine>> openEngine();

} // namespace llamahome::engine
