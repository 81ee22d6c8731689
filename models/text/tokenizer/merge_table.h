// MergeTable: which pair of tokens merges into which, and how early. Immutable once filled; any thread then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace llamahome::text {

struct Merge {
    std::uint32_t rank = 0; ///< lower merges first
    std::int32_t result = -1;

    explicit operator bool() const { return result >= 0; }
};

class MergeTable {
public:
    void reserve(std::size_t count) {
        std::size_t slots = 16;
        while (slots < count * 2)
            slots *= 2;
        m_slots.assign(slots, Slot{});
    }

    /// False if the pair is there already.
    bool add(std::int32_t left, std::int32_t right, Merge merge) {
        Slot& slot = m_slots[slotOf(keyOf(left, right))];
        if (slot.merge) return false;
        slot = {keyOf(left, right), merge};
        return true;
    }

    /// The pair's merge; false where there is none.
    Merge find(std::int32_t left, std::int32_t right) const {
        return m_slots.empty() ? Merge{} : m_slots[slotOf(keyOf(left, right))].merge;
    }

private:
    struct Slot {
        std::uint64_t key = 0;
        Merge merge;
    };
    static std::uint64_t keyOf(std::int32_t left, std::int32_t right) {
        return (std::uint64_t{static_cast<std::uint32_t>(left)} << 32) | static_cast<std::uint32_t>(right);
    }
    /// The pair's slot, or the free one where it would stand.
    std::size_t slotOf(std::uint64_t key) const {
        const std::size_t mask = m_slots.size() - 1;
        std::uint64_t hash = key * 0x9E3779B97F4A7C15ULL;
        hash ^= hash >> 29;
        std::size_t slot = static_cast<std::size_t>(hash) & mask;
        while (m_slots[slot].merge && m_slots[slot].key != key)
            slot = (slot + 1) & mask;
        return slot;
    }

    std::vector<Slot> m_slots; ///< open addressing, a power of two, at most half full
};

} // namespace llamahome::text
