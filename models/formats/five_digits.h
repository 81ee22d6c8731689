// Numbers of parts and shards as they stand in names of files: "00001". Any thread.
#pragma once

#include <cstddef>
#include <string>

namespace llamahome::formats {

/// At least five digits.
inline std::string fiveDigits(std::size_t number) {
    const std::string digits = std::to_string(number);
    return std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
}

} // namespace llamahome::formats
