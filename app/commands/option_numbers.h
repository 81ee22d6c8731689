// Numbers of options that are no settings. Any thread.
#pragma once

#include <optional>
#include <string>

#include "core/result.h"

namespace llamahome::app {

/// The whole number given to `option`, or `fallback` where it was not given. CLI-01 names option, text and
/// range.
Result<int> countOption(const std::string& option, const std::optional<std::string>& text, int fallback,
                        int minimum, int maximum);

} // namespace llamahome::app
