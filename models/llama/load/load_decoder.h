// From a Hub-layout folder to a Decoder, tensor by tensor. Engine thread.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"
#include "llama/nn/decoder.h"

namespace llamahome::engine {

/// How the layers' matrices are kept, where the model is not quantised already: then they stay as they are.
struct QuantisedLoad {
    std::optional<formats::Quantisation> format; ///< none: in the compute dtype
    /// With a format: the matrices quantised to it before, in bitsandbytes' layout, which are used in place
    /// in the mapped file. Empty: the model's own are quantised one by one.
    std::filesystem::path file;
    /// Matrices of int8, also those of a model that is quantised already, are multiplied in int8 (W8A8).
    bool int8Products = false;
};

/// Weights in the file's own type, and quantised ones, are used in place in the mapped file where they are
/// aligned; others are read and cast to `dtype` (float or bfloat16), or quantised, one by one. ST-42 lists
/// missing and unexpected tensors, ST-41 names a misshapen one, ST-44 one that cannot be quantised.
Result<std::unique_ptr<Decoder>> loadDecoder(const std::filesystem::path& folder, at::ScalarType dtype,
                                             const CancelToken& cancel, const ProgressSink& progress,
                                             LayerPath path = LayerPath::Fast,
                                             const QuantisedLoad& quantised = {});

/// The same architecture with normal random weights (standard deviation 0.02) and norms of one.
std::unique_ptr<Decoder> randomDecoder(const formats::ModelConfig& config, at::ScalarType dtype,
                                       std::uint64_t seed);

} // namespace llamahome::engine
