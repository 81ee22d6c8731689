// What somebody who watches a set of transfers may ask for while it runs. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace llamahome::download {

class TransferControl {
public:
    /// Of all transfers together; 0: none.
    void setLimit(std::uint64_t bytesPerSecond) { m_bytesPerSecond = bytesPerSecond; }
    std::uint64_t limit() const { return m_bytesPerSecond; }

    /// Of the files that wait for their turn this one comes next; asked again, another before it.
    void putFirst(std::string path);
    /// The paths that were put first, the last one in front.
    std::vector<std::string> wishes() const;

private:
    mutable std::mutex m_mutex;
    std::atomic<std::uint64_t> m_bytesPerSecond = 0;
    std::vector<std::string> m_wishes;
};

} // namespace llamahome::download
