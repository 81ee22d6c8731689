// The whole command tree, and the way from words to an exit code. Main thread.
#pragma once

#include <string>
#include <vector>

#include "app/command_tree.h"
#include "app/global_options.h"
#include "app/output.h"

namespace llamahome::app {

/// The program with all its commands. Given values land in `options`, which outlives the tree.
CommandSpec programSpec(GlobalOptions& options);

/// Runs the command that `words` (without the program's name) ask for; returns the exit code.
/// What escapes a command is reported as INT-01.
int runProgram(const std::vector<std::string>& words, Output& output);

} // namespace llamahome::app
