// The table of every error code in the program, grouped by the folder that raises it. Any thread.
//
// A code is stable: scripts compare it. Add rows, never renumber. The class decides the exit code.
#pragma once

#include "core/error.h"

namespace llamahome::codes {

// core: files, JSON, cancel
inline constexpr ErrorCode kCancelled{"RUN-00", ErrorClass::Interrupted};
inline constexpr ErrorCode kInternal{"INT-01", ErrorClass::Failed};
inline constexpr ErrorCode kFileNotFound{"FILE-01", ErrorClass::NotFound};
inline constexpr ErrorCode kFilePermission{"FILE-02", ErrorClass::Refused};
inline constexpr ErrorCode kDiskFull{"FILE-03", ErrorClass::Refused};
inline constexpr ErrorCode kFileRead{"FILE-04", ErrorClass::Failed};
inline constexpr ErrorCode kFileWrite{"FILE-05", ErrorClass::Failed};
inline constexpr ErrorCode kFileExists{"FILE-06", ErrorClass::Refused};
inline constexpr ErrorCode kFileTooLarge{"FILE-07", ErrorClass::Failed};
inline constexpr ErrorCode kNotAFile{"FILE-08", ErrorClass::Failed};
inline constexpr ErrorCode kHashMismatch{"FILE-09", ErrorClass::Failed};
inline constexpr ErrorCode kJsonSyntax{"JSON-01", ErrorClass::Failed};
inline constexpr ErrorCode kJsonLimit{"JSON-02", ErrorClass::Failed};
inline constexpr ErrorCode kJsonShape{"JSON-03", ErrorClass::Failed};

// config

// formats

// text

// llama (engine)

// jobs

// app

} // namespace llamahome::codes
