// Opens the engine's shared library when it is first needed. Torch-free; the engine thread.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "core/program_module.h"
#include "core/result.h"
#include "llama/engine.h"

namespace llamahome::engine {

/// Opens libllamahome_engine.so from the first folder that has it and makes the engine.
/// ENG-01: library missing or damaged; ENG-02: this CPU is below libtorch's baseline (AVX2 and FMA);
/// ENG-03, ENG-04: it opens, but makes no engine.
/// The library stays open for the life of the process, and its log lines go to the program's log.
/// `before` are libraries to be opened first, which then take the place of those of the same name beside the
/// engine; one that cannot be opened is logged and left out.
Result<std::unique_ptr<Engine>>
openEngine(const std::vector<std::filesystem::path>& folders = moduleFolders(),
           const std::vector<std::filesystem::path>& before = {});

} // namespace llamahome::engine
