#include "jobs/train/disk_wait.h"

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/log.h"
#include "core/quantity.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;

DiskWait::DiskWait(const RunControls& controls, TrainSink& sink, const CancelToken& cancel)
    : m_controls(controls)
    , m_sink(sink)
    , m_cancel(cancel) {}

void DiskWait::tell(const fs::path& folder, std::uint64_t neededBytes) {
    m_sink.onPhase(kWaitingForRoom);
    const std::string notice = "the disk is full: " + displayPath(folder) + " needs " +
                               formatBytes(neededBytes) +
                               "; free some space, and the run goes on by itself from where it is";
    m_sink.onNotice(notice);
    logLine(LogLevel::Warning, "jobs", notice);
}

Result<void> DiskWait::write(const fs::path& folder, std::uint64_t neededBytes,
                             const std::function<Result<void>()>& write) {
    auto written = write();
    if (written || written.error().code != codes::kDiskFull) return written;
    tell(folder, neededBytes);
    for (int triesLeft = kTriesAfterStop; triesLeft > 0;) {
        const bool isStopped = m_cancel.isCancelled();
        if (isStopped) --triesLeft;
        m_controls.pause(kSecondsBetweenTries, isStopped ? CancelToken() : m_cancel);
        const auto free = freeDiskBytes(folder);
        if (free && *free < neededBytes) continue;
        written = write();
        if (!written && written.error().code == codes::kDiskFull) continue;
        if (written) m_sink.onPhase(m_phase);
        return written;
    }
    Error failure = written.error();
    failure.message += "; the run was stopped while it waited for room, and goes on from its last checkpoint";
    return failure;
}

} // namespace llamahome::jobs
