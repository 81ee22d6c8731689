// Counts what operator new hands out while a parser runs. One thread at a time.
#pragma once

#include <cstddef>

namespace llamahome::fuzz {

/// Bytes above what was in use when the count began.
struct Allocations {
    std::size_t largest = 0; ///< asked for at once
    std::size_t peak = 0;    ///< in use at one time
};

/// Whether this build counts: under a sanitizer operator new is the sanitizer's own.
bool countsAllocations();
void beginCount();
Allocations endCount();

} // namespace llamahome::fuzz
