// Words of the help texts that the terminal, the manual page and nobody else put together. Any thread.
#pragma once

#include <string>
#include <vector>

#include "app/command_tree.h"

namespace llamahome::app {

/// "--data FILE…", "MODEL", "--json".
std::string argumentName(const ArgumentSpec& argument);

/// The argument's help, and whether it is required or may be repeated.
std::string argumentHelp(const ArgumentSpec& argument);

/// "llamahome train [MODEL] --data FILE… [options]" for the command at the end of `path`.
std::string usageWords(const std::vector<const CommandSpec*>& path);

} // namespace llamahome::app
