#include "download/hash_lane.h"

#include <algorithm>
#include <system_error>

namespace llamahome::download {

std::unique_ptr<HashLane> HashLane::open(const ContentHash& hash) {
    std::unique_ptr<HashLane> lane(new HashLane(hash));
    try {
        lane->m_thread = std::thread([&lane = *lane] { lane.work(); });
    } catch (const std::system_error&) {
        return nullptr;
    }
    return lane;
}

HashLane::HashLane(const ContentHash& hash)
    : m_hash(hash) {
    for (std::vector<std::byte>& block : m_blocks)
        block.reserve(kBlockBytes);
}

HashLane::~HashLane() {
    {
        const std::lock_guard guard(m_mutex);
        m_isOver = true;
    }
    m_changed.notify_all();
    if (m_thread.joinable()) m_thread.join();
}

void HashLane::update(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        std::vector<std::byte>& block = blockAt(m_filled); // nobody else's until it is handed over
        const std::size_t count = std::min(bytes.size(), kBlockBytes - block.size());
        block.insert(block.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
        bytes = bytes.subspan(count);
        if (block.size() == kBlockBytes) handOver();
    }
}

/// The block in hand is the worker's now; waits for the next one.
void HashLane::handOver() {
    std::unique_lock lock(m_mutex);
    ++m_filled;
    m_changed.notify_all();
    m_changed.wait(lock, [this] { return m_filled - m_hashed < kBlocks; });
}

ContentHash HashLane::settled() {
    if (!blockAt(m_filled).empty()) handOver();
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [this] { return m_filled == m_hashed; });
    return m_hash;
}

void HashLane::work() {
    std::unique_lock lock(m_mutex);
    for (;;) {
        m_changed.wait(lock, [this] { return m_isOver || m_filled != m_hashed; });
        if (m_isOver) return;
        std::vector<std::byte>& block = blockAt(m_hashed);
        lock.unlock();
        m_hash.update(block);
        block.clear();
        lock.lock();
        ++m_hashed;
        m_changed.notify_all();
    }
}

} // namespace llamahome::download
