#include "allocations.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include <malloc.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LLAMAHOME_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LLAMAHOME_SANITIZED
#endif

namespace llamahome::fuzz {
namespace {

struct Count {
    bool isOn = false;
    std::size_t inUse = 0; ///< of what was handed out since the count began, less what was given back
    Allocations seen;
};
thread_local Count count;

} // namespace

void beginCount() {
    count = {};
    count.isOn = true;
}

Allocations endCount() {
    count.isOn = false;
    return count.seen;
}

#ifdef LLAMAHOME_SANITIZED
bool countsAllocations() {
    return false;
}
#else
bool countsAllocations() {
    return true;
}

static void* allocate(std::size_t bytes) {
    void* const memory = std::malloc(std::max<std::size_t>(bytes, 1));
    if (memory == nullptr) throw std::bad_alloc();
    if (count.isOn) {
        count.inUse += malloc_usable_size(memory);
        count.seen.largest = std::max(count.seen.largest, bytes);
        count.seen.peak = std::max(count.seen.peak, count.inUse);
    }
    return memory;
}

static void release(void* memory) {
    if (count.isOn && memory != nullptr) count.inUse -= std::min(count.inUse, malloc_usable_size(memory));
    std::free(memory);
}
#endif

} // namespace llamahome::fuzz

#ifndef LLAMAHOME_SANITIZED
void* operator new(std::size_t bytes) {
    return llamahome::fuzz::allocate(bytes);
}
void* operator new[](std::size_t bytes) {
    return llamahome::fuzz::allocate(bytes);
}
void operator delete(void* memory) noexcept {
    llamahome::fuzz::release(memory);
}
void operator delete[](void* memory) noexcept {
    llamahome::fuzz::release(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    llamahome::fuzz::release(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    llamahome::fuzz::release(memory);
}
#endif
