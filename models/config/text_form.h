// Checks of texts that stand for something: folders, addresses, devices, pairs. Any thread.
#pragma once

#include <string>

#include "config/setting_parse.h"

namespace llamahome::config {

/// Empty when `text` has the form; else "expected …, and what to do". A path is made absolute and normal in
/// place: `~/` is the home folder, other relative paths start at the base. Opens nothing: what exists under
/// the path must be a folder.
std::string applyTextForm(TextForm form, std::string& text, const PathContext& paths);

/// Whether a host names this machine only: localhost, 127.x.y.z or [::1].
bool isLoopbackHost(std::string_view host);

} // namespace llamahome::config
