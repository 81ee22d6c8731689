// Completion scripts for shells, made from the command tree. Any thread.
#pragma once

#include <string>

#include "app/command_tree.h"
#include "core/result.h"

namespace llamahome::app {

/// The script for `shell` ("bash", "zsh", "fish"), to be sourced or installed. CLI-01 for another shell.
Result<std::string> completionScript(const CommandSpec& program, const std::string& shell);

} // namespace llamahome::app
