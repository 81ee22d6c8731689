// --keep of `train` and `resume`: what a stop by Ctrl-C leaves as the adapter. Main thread.
#pragma once

#include <optional>
#include <string>

#include "app/command_tree.h"
#include "jobs/train/run_controls.h"

namespace llamahome::app {

void addKeepOption(CommandSpec& command, std::optional<std::string>& target);

/// CLI-01 for a word that is none of the choices.
Result<jobs::StopKeeps> keptWhenStopped(const std::optional<std::string>& word);

} // namespace llamahome::app
