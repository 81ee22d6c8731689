// The error value of the whole program: a code from one table, a sentence to act on, and detail. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace llamahome {

/// What an error means for the person who called; the number is the exit code of the command line.
enum class ErrorClass {
    Failed = 1,      ///< the work failed: damaged file, bad rows, non-finite loss, network
    Usage = 2,       ///< wrong usage or settings
    NotFound = 3,    ///< no such model, run or file
    Interrupted = 4, ///< stopped on request, can be continued
    Refused = 5,     ///< refused before starting: disk, memory, permission, lock
};

/// One row of the table in error_codes.h. Compared by its text.
struct ErrorCode {
    std::string_view text;
    ErrorClass errorClass;

    friend constexpr bool operator==(const ErrorCode& a, const ErrorCode& b) { return a.text == b.text; }
};

/// `message` names the thing, what was found against what was expected, and the next step, in one line.
/// `detail` holds what helps a report (system error text, list of names); it may have several lines.
struct Error {
    ErrorCode code;
    std::string message;
    std::string detail = {};

    /// The same error with "context: " put before its message.
    [[nodiscard]] Error within(std::string_view context) const;
};

} // namespace llamahome
