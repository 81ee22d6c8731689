// ProcessMark: tells a living process from a later one that got the same number. A value; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace llamahome::jobs {

struct ProcessMark {
    std::int64_t pid = 0;
    std::string started; ///< the machine's boot and the start in clock ticks after it; empty: not known

    static ProcessMark ofThisProcess();
    /// Whether that very process lives on this machine. Where the start is not known the number alone counts.
    bool isAlive() const;
    /// As part of a file's name: pid and start between dots, without '-'.
    std::string fileToken() const;
    /// isAlive() of the mark that gave the token.
    static bool isTokenAlive(std::string_view token);
};

} // namespace llamahome::jobs
