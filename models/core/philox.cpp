#include "core/philox.h"

namespace llamahome {

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> c, std::array<std::uint32_t, 2> k) {
    constexpr std::uint64_t kMultiplier0 = 0xD2511F53;
    constexpr std::uint64_t kMultiplier1 = 0xCD9E8D57;
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t p0 = kMultiplier0 * c[0];
        const std::uint64_t p1 = kMultiplier1 * c[2];
        c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
             static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
        k[0] += 0x9E3779B9;
        k[1] += 0xBB67AE85;
    }
    return c;
}

std::uint32_t PhiloxStream::next32() {
    if (m_used == 4) {
        m_words =
            philox4x32({static_cast<std::uint32_t>(m_block), static_cast<std::uint32_t>(m_block >> 32),
                        static_cast<std::uint32_t>(m_stream), static_cast<std::uint32_t>(m_stream >> 32)},
                       {static_cast<std::uint32_t>(m_seed), static_cast<std::uint32_t>(m_seed >> 32)});
        ++m_block;
        m_used = 0;
    }
    return m_words[m_used++];
}

std::uint32_t PhiloxStream::nextBelow(std::uint32_t bound) {
    const std::uint32_t threshold = (0U - bound) % bound; // draws below it would favour small results
    for (;;) {
        const std::uint64_t product = static_cast<std::uint64_t>(next32()) * bound;
        if (static_cast<std::uint32_t>(product) >= threshold)
            return static_cast<std::uint32_t>(product >> 32);
    }
}

} // namespace llamahome
