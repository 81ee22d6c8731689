#include "llama/nn/workspace.h"

#include <algorithm>
#include <cassert>
#include <new>

#include <unistd.h>

#include <ATen/ops/from_blob.h>

namespace llamahome::engine {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kGrowth = std::size_t{64} << 20;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::size_t bytesOfMachine() {
    const long pages = sysconf(_SC_PHYS_PAGES);
    if (pages <= 0) throw std::bad_alloc();
    return roundedUp(static_cast<std::size_t>(pages) * pageBytes(), kHugePage);
}

} // namespace

Workspace::Workspace()
    : m_space(bytesOfMachine(), AddressSpace::Pages::Huge) {}

at::Tensor Workspace::take(at::IntArrayRef shape, at::ScalarType type) {
    std::size_t bytes = at::elementSize(type);
    for (const std::int64_t extent : shape)
        bytes *= static_cast<std::size_t>(extent);
    bytes = roundedUp(bytes, kAlignment);
    if (bytes > m_space.size() - m_used) throw std::bad_alloc();
    if (m_used + bytes > m_usable) {
        const std::size_t usable = std::min(m_space.size(), roundedUp(m_used + bytes, kGrowth));
        m_space.enable(m_space.begin() + m_usable, usable - m_usable);
        m_usable = usable;
    }
    std::byte* const place = m_space.begin() + m_used;
    m_used += bytes;
    m_peak = std::max(m_peak, m_used);
    return at::from_blob(place, shape, type);
}

void Workspace::release(std::size_t mark) {
    assert(mark <= m_used);
    m_used = mark;
}

} // namespace llamahome::engine
