// Where the Hub's own client keeps what it has fetched. Any thread.
#pragma once

#include <filesystem>

#include "config/environment.h"

namespace llamahome::config {

/// `$HF_HUB_CACHE`, of old `$HUGGINGFACE_HUB_CACHE`, else `$HF_HOME/hub`, else
/// `$XDG_CACHE_HOME/huggingface/hub`, else `~/.cache/huggingface/hub`; empty without a home. Relative folders
/// are ignored.
std::filesystem::path hubCacheFolder(const Environment& environment);

} // namespace llamahome::config
