// AddressSpace: a range of addresses that memory is asked for bit by bit, so that nothing in it ever moves.
// Any thread, one at a time.
#pragma once

#include <cstddef>

namespace llamahome::engine {

/// `bytes` rounded up to a multiple of `to`.
constexpr std::size_t roundedUp(std::size_t bytes, std::size_t to) {
    return (bytes + to - 1) / to * to;
}

/// Of the system: what enable() is asked for is a multiple of it.
std::size_t pageBytes();

class AddressSpace {
public:
    enum class Pages { Usual, Huge };

    /// Addresses only: where the system commits memory strictly, nothing is asked for before enable().
    /// std::bad_alloc where there are not that many. Huge pages are a wish; small ones do as well.
    AddressSpace(std::size_t bytes, Pages pages);
    ~AddressSpace();
    AddressSpace(const AddressSpace&) = delete;
    AddressSpace& operator=(const AddressSpace&) = delete;

    std::byte* begin() const { return m_begin; }
    std::byte* end() const { return m_begin + m_size; }
    std::size_t size() const { return m_size; }

    /// Makes whole pages readable and writable; they are zero and take memory when they are touched.
    /// std::bad_alloc where the system gives none.
    void enable(std::byte* first, std::size_t bytes) const;

private:
    std::byte* m_begin = nullptr;
    std::size_t m_size;
};

} // namespace llamahome::engine
