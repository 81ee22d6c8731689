// inParallel: one piece of work for each of many indices, on some threads. Any thread but GUI.
#pragma once

#include <cstddef>
#include <functional>

#include "core/result.h"

namespace llamahome::jobs {

/// Calls `work` once for each index below `count`, on the caller's and up to `workers - 1` further threads,
/// fewer where the system gives none. Returns when all are done. What `work` throws ends the calls and comes
/// back as an error, see guarded(); indices may be left out then.
Result<void> inParallel(std::size_t count, int workers, const std::function<void(std::size_t)>& work);

} // namespace llamahome::jobs
