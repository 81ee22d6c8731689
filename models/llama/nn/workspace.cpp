#include "llama/nn/workspace.h"

#include <algorithm>
#include <cassert>
#include <new>

#include <sys/mman.h>
#include <unistd.h>

#include <ATen/ops/from_blob.h>

namespace llamahome::engine {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kGrowth = std::size_t{64} << 20;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::size_t roundedUp(std::size_t bytes, std::size_t to) {
    return (bytes + to - 1) / to * to;
}

} // namespace

Workspace::Workspace() {
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long pageBytes = sysconf(_SC_PAGESIZE);
    if (pages <= 0 || pageBytes <= 0) throw std::bad_alloc();
    m_size = roundedUp(static_cast<std::size_t>(pages) * static_cast<std::size_t>(pageBytes), kHugePage);
    // Address space only: where the system commits strictly, memory is asked for step by step in take().
    void* const region = mmap(nullptr, m_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED) throw std::bad_alloc();
    m_region = static_cast<std::byte*>(region);
#ifdef MADV_HUGEPAGE
    (void)madvise(region, m_size, MADV_HUGEPAGE); // small pages do as well
#endif
}

Workspace::~Workspace() {
    (void)munmap(m_region, m_size);
}

at::Tensor Workspace::take(at::IntArrayRef shape, at::ScalarType type) {
    std::size_t bytes = at::elementSize(type);
    for (const std::int64_t extent : shape)
        bytes *= static_cast<std::size_t>(extent);
    bytes = roundedUp(bytes, kAlignment);
    if (bytes > m_size - m_used) throw std::bad_alloc();
    if (m_used + bytes > m_usable) {
        const std::size_t usable = std::min(m_size, roundedUp(m_used + bytes, kGrowth));
        if (mprotect(m_region + m_usable, usable - m_usable, PROT_READ | PROT_WRITE) != 0)
            throw std::bad_alloc();
        m_usable = usable;
    }
    std::byte* const place = m_region + m_used;
    m_used += bytes;
    m_peak = std::max(m_peak, m_used);
    return at::from_blob(place, shape, type);
}

void Workspace::release(std::size_t mark) {
    assert(mark <= m_used);
    m_used = mark;
}

} // namespace llamahome::engine
