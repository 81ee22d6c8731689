// ProcessMark: tells a living process from a later one that got the same number. A value; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace llamahome::jobs {

struct ProcessMark {
    std::int64_t pid = 0;
    std::string started; ///< the machine's boot and the start in clock ticks after it; empty: not known

    static ProcessMark ofThisProcess();
    /// Whether that very process lives on this machine. Where the start is not known the number alone counts.
    bool isAlive() const;
};

} // namespace llamahome::jobs
