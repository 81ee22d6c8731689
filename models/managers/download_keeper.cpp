#include "managers/download_keeper.h"

#include <utility>

#include "core/log.h"

namespace llamahome::managers {

DownloadKeeper::DownloadKeeper(jobs::DataRoot root, FileLayer& files)
    : m_root(std::move(root))
    , m_files(files) {}

void DownloadKeeper::put(std::vector<jobs::KeptDownload> list) {
    const std::lock_guard guard(m_waitingGuard);
    m_waiting = std::move(list);
}

void DownloadKeeper::drain() {
    const std::lock_guard file(m_fileGuard);
    std::optional<std::vector<jobs::KeptDownload>> list;
    {
        const std::lock_guard guard(m_waitingGuard);
        list = std::exchange(m_waiting, std::nullopt);
    }
    if (!list) return;
    if (auto written = jobs::writeDownloads(m_files, m_root, *list); !written)
        logLine(LogLevel::Warning, "managers",
                "the list of downloads is not kept: " + written.error().message);
}

std::vector<jobs::KeptDownload> DownloadKeeper::read() {
    const std::lock_guard file(m_fileGuard);
    return jobs::readDownloads(m_root);
}

} // namespace llamahome::managers
