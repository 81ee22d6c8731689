// The most memory of its own (without mapped files) that this process had while watched. One owner; the
// figures are read on a thread of its own.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace llamahome::jobs {

/// Looks every 20 ms, because the kernel keeps no high-water mark of anonymous memory alone.
class AnonymousPeak {
public:
    AnonymousPeak();
    ~AnonymousPeak();
    AnonymousPeak(const AnonymousPeak&) = delete;
    AnonymousPeak& operator=(const AnonymousPeak&) = delete;

    /// In MiB, until now (RssAnon); 0 where the system does not tell.
    double peakMib();

private:
    void look();
    void watch();

    std::mutex m_mutex;
    std::condition_variable m_wake;
    bool m_ends = false;
    double m_peak = 0.0;
    std::thread m_thread;
};

} // namespace llamahome::jobs
