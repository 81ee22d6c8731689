// Bytes that look the same each time and nowhere repeat soon. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace llamahome::testing {

inline std::string noise(std::size_t count, std::uint32_t seed) {
    std::minstd_rand random(seed);
    std::string bytes(count, '\0');
    for (char& byte : bytes)
        byte = static_cast<char>(random() >> 8);
    return bytes;
}

} // namespace llamahome::testing
