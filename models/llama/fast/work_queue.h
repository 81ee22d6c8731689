// Work that the threads of the OpenMP team take part by part, so that one that is held up does not hold up
// the others. Engine thread.
#pragma once

#include <algorithm>
#include <atomic>

#include <ATen/Parallel.h>

namespace llamahome::engine {

/// Calls `work(begin, end, thread)` for parts of [0, count) of up to `most` numbers; smaller ones towards the
/// end.
template <typename Work>
void takeInTurn(std::int64_t count, std::int64_t most, Work work) {
    const int threads = at::get_num_threads();
    std::atomic<std::int64_t> next = 0;
    at::parallel_for(0, threads, 1, [&](std::int64_t firstThread, std::int64_t endThread) {
        for (std::int64_t thread = firstThread; thread < endThread; ++thread) {
            std::int64_t begin = next.load();
            while (begin < count) {
                const std::int64_t part = std::clamp<std::int64_t>((count - begin) / (2 * threads), 1, most);
                if (!next.compare_exchange_weak(begin, begin + part)) continue;
                work(begin, std::min(begin + part, count), thread);
                begin = next.load();
            }
        }
    });
}

} // namespace llamahome::engine
