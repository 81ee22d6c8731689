// Philox4x32-10: random numbers by counter, so that no draw depends on threads, order or resume. Any thread.
//
// Source of the constants: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
#pragma once

#include <array>
#include <cstdint>

namespace llamahome {

/// Four independent 32-bit words for one (key, counter).
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

/// A stream of draws named by (seed, stream): the n-th draw is a pure function of the three.
class PhiloxStream {
public:
    PhiloxStream(std::uint64_t seed, std::uint64_t stream)
        : m_seed(seed)
        , m_stream(stream) {}

    std::uint32_t next32();
    /// Uniform in [0, 1) with 24 bits, exact in float.
    float nextUniform() { return static_cast<float>(next32() >> 8) * 0x1.0p-24F; }
    /// Uniform in [0, bound) without bias; bound > 0.
    std::uint32_t nextBelow(std::uint32_t bound);

private:
    std::uint64_t m_seed;
    std::uint64_t m_stream;
    std::uint64_t m_block = 0;
    std::array<std::uint32_t, 4> m_words{};
    unsigned m_used = 4;
};

} // namespace llamahome
