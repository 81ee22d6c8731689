#include "download/set_status.h"

#include <algorithm>

namespace llamahome::download {
namespace {

constexpr double kNewShare = 0.15; ///< of the newest tenth of a second in a rate

} // namespace

std::size_t SetStatus::countOf(TransferState state) const {
    return static_cast<std::size_t>(std::count_if(
        files.begin(), files.end(), [state](const FileStatus& file) { return file.state == state; }));
}

SetBoard::SetBoard(const RemoteSet& set, const Clock& clock)
    : m_clock(clock)
    , m_files(set.files.size())
    , m_seen(set.files.size())
    , m_seenAt(clock.monotonicSeconds()) {
    for (std::size_t i = 0; i < m_files.size(); ++i) {
        m_files[i].path = set.files[i].path;
        m_files[i].provedBy = set.files[i].hash.kind;
        m_files[i].totalBytes = set.files[i].sizeBytes;
    }
}

void SetBoard::setState(std::size_t file, TransferState state, const std::string& reason) {
    const std::lock_guard guard(m_mutex);
    m_files[file].state = state;
    m_files[file].reason = reason;
}

void SetBoard::setBytes(std::size_t file, std::uint64_t doneBytes, std::optional<std::uint64_t> totalBytes) {
    const std::lock_guard guard(m_mutex);
    m_files[file].doneBytes = doneBytes;
    m_files[file].totalBytes = totalBytes;
}

void SetBoard::setFailed(std::size_t file, const Error& error) {
    const std::lock_guard guard(m_mutex);
    m_files[file].state = TransferState::Failed;
    m_files[file].reason.clear();
    m_files[file].error = error;
}

SetStatus SetBoard::look() {
    const std::lock_guard guard(m_mutex);
    const double now = m_clock.monotonicSeconds();
    const double elapsed = now - m_seenAt;
    SetStatus status;
    bool isTotalKnown = true;
    for (std::size_t i = 0; i < m_files.size(); ++i) {
        FileStatus& file = m_files[i];
        const bool isReceiving = file.state == TransferState::Receiving;
        // What was kept from before shows up at once and is no speed.
        const double fresh = m_seen[i].wasReceiving && file.doneBytes > m_seen[i].doneBytes
                                 ? static_cast<double>(file.doneBytes - m_seen[i].doneBytes)
                                 : 0.0;
        if (!isReceiving)
            file.bytesPerSecond = 0.0;
        else if (elapsed > 0.0)
            file.bytesPerSecond += kNewShare * (fresh / elapsed - file.bytesPerSecond);
        m_seen[i] = {file.doneBytes, isReceiving};
        status.doneBytes += file.doneBytes;
        status.totalBytes += file.totalBytes.value_or(0);
        status.bytesPerSecond += file.bytesPerSecond;
        isTotalKnown = isTotalKnown && file.totalBytes.has_value();
    }
    if (!isTotalKnown) status.totalBytes = 0;
    m_seenAt = now;
    status.files = m_files;
    return status;
}

} // namespace llamahome::download
