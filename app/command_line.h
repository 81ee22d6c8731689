// From the words of the shell to one command of the tree; the only place that knows CLI11. Main thread.
#pragma once

#include <string>
#include <vector>

#include "app/command_tree.h"
#include "core/result.h"

namespace llamahome::app {

/// What the words asked for. `path` is the chain of specs from the program to the command.
struct ParsedCommandLine {
    enum class Wish { Run, Help, Version };
    Wish wish = Wish::Run;
    std::vector<const CommandSpec*> path;

    const CommandSpec& command() const { return *path.back(); }
};

/// Parses `words` (without the program's name) and hands every given value to its argument's `take`.
/// Options of the program may stand before or after the command. CLI-01 with the nearest known name.
Result<ParsedCommandLine> parseCommandLine(const CommandSpec& program, const std::vector<std::string>& words);

/// The help text of the command at the end of `path`, wrapped at `width` columns.
std::string helpText(const std::vector<const CommandSpec*>& path, int width);

/// "llamahome runs show".
std::string commandName(const std::vector<const CommandSpec*>& path);

} // namespace llamahome::app
