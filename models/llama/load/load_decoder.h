// From a Hub-layout folder to a Decoder, tensor by tensor. Engine thread.
#pragma once

#include <filesystem>
#include <memory>

#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"
#include "llama/nn/decoder.h"

namespace llamahome::engine {

/// Weights in the file's own type are used in place in the mapped file where they are aligned; others are
/// read and cast to `dtype` (float or bfloat16) one by one. ST-42 lists missing and unexpected tensors, ST-41
/// names a misshapen one.
Result<std::unique_ptr<Decoder>> loadDecoder(const std::filesystem::path& folder, at::ScalarType dtype,
                                             const CancelToken& cancel, const ProgressSink& progress,
                                             LayerPath path = LayerPath::Fast);

/// The same architecture with normal random weights (standard deviation 0.02) and norms of one.
std::unique_ptr<Decoder> randomDecoder(const formats::ModelConfig& config, at::ScalarType dtype,
                                       std::uint64_t seed);

} // namespace llamahome::engine
