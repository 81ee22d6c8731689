// The program's own shared libraries, opened when first needed: the engine, the network. Any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/log.h"

namespace llamahome {

/// Where they may lie: beside the program, ../lib/llamahome and ../lib.
std::vector<std::filesystem::path> moduleFolders();

struct ModuleFunction {
    void* address = nullptr; ///< null: found in no folder
    std::string tried;       ///< then: one line a folder with what was wrong there
};

/// `function` of `library` out of the first folder that has both. The library stays open for the life of the
/// process.
ModuleFunction openModuleFunction(const std::string& library, const char* function,
                                  const std::vector<std::filesystem::path>& folders);

/// A library has a log door of its own; this sink hands its lines on to the program's.
std::shared_ptr<LogSink> programLogSink();

} // namespace llamahome
