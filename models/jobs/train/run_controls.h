// RunControls: how a run is steered while it goes on, and what it asks of the machine. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "core/cancel_token.h"

namespace llamahome::jobs {

/// What becomes the adapter of a run that is stopped on request. The run can be continued in any case.
enum class StopKeeps {
    Best,    ///< the state with the lowest eval loss; before there is one to compare with, the last
    Last,    ///< the state after the last step
    Nothing, ///< no adapter is written: the run goes on later
};

/// What the next stop keeps. Copies share it.
class StopWish {
public:
    StopWish()
        : m_keeps(std::make_shared<std::atomic<StopKeeps>>(StopKeeps::Best)) {}

    void set(StopKeeps keeps) const { m_keeps->store(keeps); }
    StopKeeps get() const { return m_keeps->load(); }

private:
    std::shared_ptr<std::atomic<StopKeeps>> m_keeps;
};

/// The process's and the machine's memory now.
struct MemoryFigures {
    std::uint64_t residentBytes = 0;  ///< of this process
    std::uint64_t availableBytes = 0; ///< can be taken without swapping; 0: not known
    std::uint64_t totalBytes = 0;     ///< of the machine, or what its control group grants
};
MemoryFigures memoryFigures();

/// Waits that long, or until `cancel` is set.
void pauseRun(double seconds, const CancelToken& cancel);

/// The defaults are the machine's own; tests give others.
struct RunControls {
    StopWish stop;
    std::function<void(double seconds, const CancelToken& cancel)> pause = pauseRun;
    std::function<MemoryFigures()> memory = memoryFigures;
};

} // namespace llamahome::jobs
