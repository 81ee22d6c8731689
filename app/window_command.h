// `llamahome` without a command: the way to the window, which is a program of its own. Main thread.
//
// The window's libraries would cost every command 30 ms of loading, so they are linked to llamahome-window
// only, and this process becomes that one.
#pragma once

#include <string>
#include <vector>

#include "app/global_options.h"
#include "config/environment.h"
#include "core/result.h"

namespace llamahome::app {

/// Whether the environment names a display that a window could be on.
bool hasDisplay(const config::Environment& environment);

/// Whether a word in place of a command is meant to be opened: a .gguf file or a path with a slash, and
/// there.
bool isOpenablePath(const std::string& word);

/// The words that llamahome-window is started with.
std::vector<std::string> windowWords(const GlobalOptions& options, const std::vector<std::string>& paths);

/// Becomes llamahome-window and returns only where that cannot be: WIN-01 without a display, WIN-02 where it
/// is not installed.
Result<void> openWindow(const GlobalOptions& options, const std::vector<std::string>& paths);

} // namespace llamahome::app
