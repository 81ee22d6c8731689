// "1 row", "2 rows": a count with its noun. Any thread.
#pragma once

#include <cstdint>
#include <string>

namespace llamahome {

/// `noun` is the singular; its plural ends in s.
inline std::string countWithNoun(std::uint64_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

} // namespace llamahome
