// Finds one file of a project in a Python package index (PEP 503 pages and their JSON form, PEP 691).
// The transport's thread.
#pragma once

#include <string>
#include <string_view>

#include "download/retries.h"
#include "network/transport.h"

namespace llamahome::download {

inline constexpr const char* kPythonIndex = "https://pypi.org/simple";

/// The absolute address of `fileName` in `<index>/<project>/`, without a fragment. What is fetched from there
/// is trusted by its hash only. DL-01: the page lists no such file, names an unsafe address for it, or is
/// none; else errors of getText.
Result<std::string> findInPythonIndex(network::Transport& transport, const std::string& index,
                                      const std::string& project, const std::string& fileName,
                                      const Pause& pause, const CancelToken& cancel);

} // namespace llamahome::download
