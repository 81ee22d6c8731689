// Copies one file through the file layer, block by block. Not on the GUI thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/result.h"

namespace llamahome::jobs {

/// Copies the regular file `from` (a link is followed) to the new file `to` and flushes it. `copied` is told
/// the bytes of each block, which is at most 1 MiB; cancel is looked at before each. ST-40 when the source
/// changes meanwhile. On failure part of `to` may be there: the caller works in a folder of its own.
Result<void> copyFile(FileLayer& files, const std::filesystem::path& from, const std::filesystem::path& to,
                      const CancelToken& cancel, const std::function<void(std::uint64_t)>& copied);

} // namespace llamahome::jobs
