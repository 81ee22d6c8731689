// The manual page llamahome(1), made from the command tree. Any thread.
#pragma once

#include <string>

#include "app/command_tree.h"

namespace llamahome::app {

/// The page as roff source in plain ASCII, for man(1). Hidden commands are left out. It names no date, so
/// that the same program gives the same bytes.
std::string manPage(const CommandSpec& program, const std::string& version);

} // namespace llamahome::app
