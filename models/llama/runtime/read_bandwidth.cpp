#include "llama/runtime/read_bandwidth.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include <ATen/Parallel.h>

#include "llama/nn/workspace.h"

namespace llamahome::engine {
namespace {

constexpr std::int64_t kWords = (256LL << 20) / sizeof(std::uint64_t);
constexpr std::int64_t kStreams = 8; // of one thread, so that enough reads are under way at once
constexpr std::int64_t kLine = 8;    // words of a cache line
constexpr int kPasses = 8;

/// The sum keeps the reads from being left out.
std::uint64_t sumOfStreams(const std::uint64_t* words, std::int64_t count) {
    const std::int64_t each = count / kStreams / kLine * kLine;
    std::uint64_t sums[kStreams] = {};
    for (std::int64_t i = 0; i < each; i += kLine)
        for (std::int64_t stream = 0; stream < kStreams; ++stream)
            for (std::int64_t j = 0; j < kLine; ++j)
                sums[stream] += words[stream * each + i + j];
    std::uint64_t sum = 0;
    for (const std::uint64_t part : sums)
        sum += part;
    return sum;
}

} // namespace

double measureReadBandwidth() {
    Workspace workspace; // of huge pages, as the engine's own memory
    const at::Tensor memory = workspace.take({kWords}, at::kLong).fill_(1);
    const auto* words = reinterpret_cast<const std::uint64_t*>(memory.const_data_ptr<std::int64_t>());
    std::atomic<std::uint64_t> sum{0};
    double best = 0.0;
    for (int pass = 0; pass < kPasses; ++pass) {
        const auto begin = std::chrono::steady_clock::now();
        at::parallel_for(
            0, kWords, kWords / at::get_num_threads(),
            [&](std::int64_t first, std::int64_t end) { sum += sumOfStreams(words + first, end - first); });
        const double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        best = std::max(best, static_cast<double>(kWords) * sizeof(std::uint64_t) / seconds / 1e9);
    }
    return best;
}

} // namespace llamahome::engine
