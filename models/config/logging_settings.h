// Settings of the log: a level for each module, and when the file is rotated. Values; any thread.
//
// Names are those of logging.yaml; each is described once in logging_descriptors.cpp.
#pragma once

#include <string>

namespace llamahome::config {

/// trace, debug, info, warning, error or off; a module's level may also be `inherit`.
struct LogLevels {
    std::string fallback = "info"; ///< key `default`: for every module that inherits
    std::string app = "inherit";
    std::string jobs = "inherit";
    std::string engine = "inherit";
    std::string text = "inherit";
    std::string formats = "inherit";
    std::string config = "inherit";
    std::string core = "inherit";
};

struct LogRotation {
    int max_size_mib = 5; ///< a file that grows beyond is renamed aside
    int max_files = 3;    ///< files kept, the current one included
};

struct LoggingSettings {
    LogLevels levels;
    std::string stderr_level = "warning"; ///< least level that is also shown on standard error
    LogRotation rotation;
};

} // namespace llamahome::config
