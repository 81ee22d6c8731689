// The window's program: what it is made of, its start and its end. Main thread.
#pragma once

#include <string>
#include <vector>

#include "app/output.h"

namespace llamahome::app {

/// Shows the window that `words` (without the program's name) ask for and returns the exit code when it has
/// been closed. 4: work was stopped on the way out and can be continued.
int runWindow(const std::vector<std::string>& words, Output& output);

} // namespace llamahome::app
