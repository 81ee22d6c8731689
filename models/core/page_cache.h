// The kernel's copies of a file in memory, and how to be rid of them before a reading is timed. Any thread.
#pragma once

#include <filesystem>

#include "core/result.h"

namespace llamahome {

/// Asks the kernel to forget a regular file's pages, so that the next read comes from the disk. False where
/// more than a few stay all the same: in a file system that lives in memory, or while a process has the file
/// mapped.
/// FILE-01, FILE-02, FILE-04 where it cannot be opened or looked at.
Result<bool> dropFromPageCache(const std::filesystem::path& file);

} // namespace llamahome
