#include "download/transfer_control.h"

#include <algorithm>
#include <chrono>

namespace llamahome::download {
namespace {

constexpr std::chrono::milliseconds kCancelLook{100};

} // namespace

void TransferControl::pause() {
    const std::lock_guard guard(m_mutex);
    m_isPaused = true;
}

void TransferControl::goOn() {
    {
        const std::lock_guard guard(m_mutex);
        m_isPaused = false;
    }
    m_changed.notify_all();
}

bool TransferControl::isPaused() const {
    const std::lock_guard guard(m_mutex);
    return m_isPaused;
}

void TransferControl::waitWhilePaused(const CancelToken& cancel) const {
    std::unique_lock lock(m_mutex);
    while (m_isPaused && !cancel.isCancelled())
        m_changed.wait_for(lock, kCancelLook);
}

void TransferControl::putFirst(std::string path) {
    const std::lock_guard guard(m_mutex);
    std::erase(m_wishes, path);
    m_wishes.insert(m_wishes.begin(), std::move(path));
}

std::vector<std::string> TransferControl::wishes() const {
    const std::lock_guard guard(m_mutex);
    return m_wishes;
}

} // namespace llamahome::download
