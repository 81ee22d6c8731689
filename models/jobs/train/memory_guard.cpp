#include "jobs/train/memory_guard.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/quantity.h"

namespace llamahome::jobs {

MemoryGuard::MemoryGuard(std::function<MemoryFigures()> figures)
    : m_figures(std::move(figures)) {}

Result<void> MemoryGuard::check(std::uint64_t growthBytes) const {
    const MemoryFigures now = m_figures();
    if (now.availableBytes == 0) return {};
    const std::uint64_t left = std::min(kMostLeftBytes, now.totalBytes / 32);
    if (now.availableBytes >= growthBytes + left) return {};
    return Error{codes::kOutOfMemory,
                 "memory: training needs " + formatBytes(growthBytes + left) + " more, found " +
                     formatBytes(now.availableBytes) + " available while it holds " +
                     formatBytes(now.residentBytes) +
                     "; close other programs, or lower training.batch_size or training.max_length"};
}

} // namespace llamahome::jobs
