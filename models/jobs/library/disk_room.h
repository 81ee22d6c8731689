// Whether what is to be written fits on its disk. Any thread but GUI.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/result.h"

namespace llamahome::jobs {

/// FILE-03 where `neededBytes` do not fit on the disk of `place` with something left for everybody else.
/// `what` is written there, for the message; `otherwise` says how another disk is chosen: "with --root DIR".
Result<void> checkDiskRoom(const std::filesystem::path& place, std::uint64_t neededBytes,
                           const std::string& what, const std::string& otherwise = {});

} // namespace llamahome::jobs
