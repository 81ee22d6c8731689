// Writes a model's weights as a Hub folder has them: one safetensors file, or shards with their index. Not on
// the GUI thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "core/result.h"
#include "formats/tensor.h"

namespace llamahome::formats {

/// Above it the reference library begins a new shard.
inline constexpr std::uint64_t kMaxShardBytes = 5'000'000'000;

/// How `tensors`, taken in their order, are divided into files: each of at most `maxShardBytes`, or of one
/// larger tensor. Indices into `tensors`.
std::vector<std::vector<std::size_t>> planShards(const std::vector<TensorInfo>& tensors,
                                                 std::uint64_t maxShardBytes = kMaxShardBytes);

/// Reads the tensors of `source`, which bear Hub names, one by one and writes model.safetensors, or
/// model-0000N-of-0000M.safetensors and, last, model.safetensors.index.json. Each file whole or not at all;
/// on failure some may be there, and the caller owns their removal. Memory: the largest tensor. Cancel is
/// looked at and `progress` told (`phase`, "bytes" written) once a tensor.
Result<void> writeHubWeights(FileLayer& files, const std::filesystem::path& folder, TensorSource& source,
                             const char* phase, const CancelToken& cancel, const ProgressSink& progress,
                             std::uint64_t maxShardBytes = kMaxShardBytes);

} // namespace llamahome::formats
