// MemoryGuard: ends a run before the system's kernel would kill the process for want of memory. The engine
// thread.
#pragma once

#include <cstdint>
#include <functional>

#include "core/result.h"
#include "jobs/train/run_controls.h"

namespace llamahome::jobs {

/// What a run leaves to the machine: a 32nd of its memory, at most this.
inline constexpr std::uint64_t kMostLeftBytes = 128ULL << 20;

class MemoryGuard {
public:
    explicit MemoryGuard(std::function<MemoryFigures()> figures);

    /// ENG-04 with the numbers, where growing by that much would leave less than the machine needs. Takes
    /// some 0.1 ms.
    Result<void> check(std::uint64_t growthBytes) const;

private:
    std::function<MemoryFigures()> m_figures;
};

} // namespace llamahome::jobs
