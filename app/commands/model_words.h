// The MODEL argument and what commands tell about a model. Main thread.
#pragma once

#include <string>
#include <vector>

#include "app/command_context.h"
#include "app/command_tree.h"
#include "core/json.h"
#include "jobs/library/library.h"

namespace llamahome::app {

/// Adds the positional MODEL: FAMILY VERSION, FAMILY/VERSION, a Hub id or a path.
void addModelWords(CommandSpec& command, std::vector<std::string>& target);
/// The same as the option --model, for commands whose positional is something else.
void addModelOption(CommandSpec& command, std::vector<std::string>& target);

/// The entry of an installed or known model or adapter of that name, whatever its state.
Result<jobs::ModelEntry> knownEntry(CommandContext& context, const std::vector<std::string>& words);

/// "smollm2 135m-instruct", as it is typed after a command.
std::string typedName(const jobs::ModelEntry& entry);

Json entryJson(const jobs::ModelEntry& entry);

} // namespace llamahome::app
