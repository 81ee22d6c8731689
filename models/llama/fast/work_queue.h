// Work that the threads of the OpenMP team take part by part, so that one that is held up does not hold up
// the others. Engine thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include <ATen/Parallel.h>

namespace llamahome::engine {

/// Threads that have something to do where there are `count` parts.
inline std::int64_t threadsFor(std::int64_t count) {
    return std::clamp<std::int64_t>(count, 1, at::get_num_threads());
}

/// Calls `work(number, thread)` for the numbers 0 to count - 1; `thread` is below threadsFor(count).
template <typename Work>
void takeInTurn(std::int64_t count, Work work) {
    const std::int64_t threads = threadsFor(count);
    std::atomic<std::int64_t> next = 0;
    at::parallel_for(0, threads, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t thread = begin; thread < end; ++thread)
            for (std::int64_t number = next++; number < count; number = next++)
                work(number, thread);
    });
}

} // namespace llamahome::engine
