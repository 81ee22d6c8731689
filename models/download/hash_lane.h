// Hashing on a thread of its own, beside the one that receives and writes. One thread uses it.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "download/content_hash.h"

namespace llamahome::download {

class HashLane {
public:
    /// Goes on with `hash`. Nothing where the system gives no further thread: then the caller hashes.
    static std::unique_ptr<HashLane> open(const ContentHash& hash);
    /// What is not hashed yet is dropped.
    ~HashLane();
    HashLane(const HashLane&) = delete;
    HashLane& operator=(const HashLane&) = delete;

    /// Takes a copy; waits where hashing has fallen behind by all of its blocks.
    void update(std::span<const std::byte> bytes);
    /// Waits until everything that was taken is hashed. Goes on with the next update().
    ContentHash settled();

private:
    /// So small that what was received is still in the processor's cache when it is hashed.
    static constexpr std::size_t kBlockBytes = 256U << 10;
    static constexpr std::size_t kBlocks = 8;

    explicit HashLane(const ContentHash& hash);
    std::vector<std::byte>& blockAt(std::uint64_t number) { return m_blocks.at(number % kBlocks); }
    void handOver();
    void work();

    ContentHash m_hash;
    std::array<std::vector<std::byte>, kBlocks> m_blocks;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::uint64_t m_filled = 0; ///< blocks handed over; the one of that number is being filled
    std::uint64_t m_hashed = 0;
    bool m_isOver = false;
    std::thread m_thread;
};

} // namespace llamahome::download
