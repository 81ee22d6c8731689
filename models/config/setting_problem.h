// One thing wrong with a settings file, an environment variable or an option. A value; any thread.
#pragma once

#include <string>
#include <vector>

#include "core/error.h"

namespace llamahome::config {

struct SettingProblem {
    ErrorCode code;
    std::string file;            ///< path, variable or option that holds the value
    int line = 0;                ///< counted from 1; 0: no line
    std::string key = {};        ///< full key path; empty when the text as a whole is wrong
    std::string message = {};    ///< one line: the thing, found, expected
    std::string nearestKey = {}; ///< for unknown keys, where there is one

    /// "file:line: message", or "file: message" without a line.
    std::string text() const;
};

/// All problems as one error: the first one's code; the message has the first and how many there are, the
/// detail lists each on a line. At least one problem is needed.
Error problemsError(const std::vector<SettingProblem>& problems);

} // namespace llamahome::config
