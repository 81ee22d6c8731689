// DiskWait: a run on a full disk pauses with its state in memory instead of losing it. The engine thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "core/cancel_token.h"
#include "core/result.h"
#include "jobs/train/run_controls.h"
#include "jobs/train/train_sink.h"

namespace llamahome::jobs {

inline constexpr double kSecondsBetweenTries = 5.0;
/// After a stop on request so often, or the program would not end.
inline constexpr int kTriesAfterStop = 6;
inline constexpr std::string_view kWaitingForRoom = "waiting for disk space";

class DiskWait {
public:
    /// All outlive it.
    DiskWait(const RunControls& controls, TrainSink& sink, const CancelToken& cancel);

    /// What the run is at, told anew after a wait.
    void setPhase(std::string phase) { m_phase = std::move(phase); }

    /// Does `write`, which leaves nothing half done when it fails. While there is no room (FILE-03) it tells
    /// the folder and the bytes that are needed, and tries again every few seconds: until it succeeds, fails
    /// otherwise, or for a while after a stop.
    Result<void> write(const std::filesystem::path& folder, std::uint64_t neededBytes,
                       const std::function<Result<void>()>& write);

private:
    void tell(const std::filesystem::path& folder, std::uint64_t neededBytes);

    const RunControls& m_controls;
    TrainSink& m_sink;
    CancelToken m_cancel;
    std::string m_phase;
};

} // namespace llamahome::jobs
