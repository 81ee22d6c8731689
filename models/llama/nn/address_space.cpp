#include "llama/nn/address_space.h"

#include <algorithm>
#include <new>

#include <sys/mman.h>
#include <unistd.h>

namespace llamahome::engine {

std::size_t pageBytes() {
    return static_cast<std::size_t>(std::max<long>(sysconf(_SC_PAGESIZE), 1));
}

AddressSpace::AddressSpace(std::size_t bytes, Pages pages)
    : m_size(bytes) {
    void* const region = mmap(nullptr, m_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED) throw std::bad_alloc();
    m_begin = static_cast<std::byte*>(region);
#ifdef MADV_HUGEPAGE
    if (pages == Pages::Huge) (void)madvise(region, m_size, MADV_HUGEPAGE);
#endif
}

AddressSpace::~AddressSpace() {
    (void)munmap(m_begin, m_size);
}

void AddressSpace::enable(std::byte* first, std::size_t bytes) const {
    if (mprotect(first, bytes, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
}

} // namespace llamahome::engine
