#include "jobs/system/anonymous_peak.h"

#include <algorithm>
#include <chrono>

#include "core/proc_file.h"

namespace llamahome::jobs {

AnonymousPeak::AnonymousPeak()
    : m_thread([this] { watch(); }) {}

AnonymousPeak::~AnonymousPeak() {
    {
        const std::lock_guard lock(m_mutex);
        m_ends = true;
    }
    m_wake.notify_one();
    m_thread.join();
}

double AnonymousPeak::peakMib() {
    const std::lock_guard lock(m_mutex);
    look();
    return m_peak;
}

void AnonymousPeak::look() {
    const auto kib = namedNumber("/proc/self/status", "RssAnon:").value_or(0);
    m_peak = std::max(m_peak, static_cast<double>(kib) / 1024.0);
}

void AnonymousPeak::watch() {
    std::unique_lock lock(m_mutex);
    while (!m_ends) {
        look();
        m_wake.wait_for(lock, std::chrono::milliseconds(20));
    }
}

} // namespace llamahome::jobs
