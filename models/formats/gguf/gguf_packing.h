// Packs a tensor's floats into GGUF blocks, on several threads where the caller gives them.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "core/result.h"
#include "formats/gguf/gguf_blocks.h"

namespace llamahome::formats {

/// Calls its second argument once for each number below the first, on any threads, and returns when all are
/// done: jobs::inParallel with its workers bound. Empty: the caller's thread does it all.
using ParallelFor = std::function<Result<void>(std::size_t, const std::function<void(std::size_t)>&)>;

/// Packs `values`, whole blocks of `type`, into `packed`, which has exactly their bytes; the same bytes
/// whatever the threads. EXP-03 where a value or a block's scale is not finite in the type; `what` names the
/// tensor. `type` has an encoder.
Result<void> packBlocks(const BlockType& type, std::span<const float> values, std::span<std::byte> packed,
                        const ParallelFor& parallel, const std::string& what);

} // namespace llamahome::formats
