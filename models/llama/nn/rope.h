// Rotary position embedding, half-split layout, with llama3 frequency scaling. Engine thread.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "formats/hub/model_config.h"

namespace llamahome::engine {

/// head_dim/2 inverse frequencies in fp32, scaled where the configuration says so (llama.md 2.3, 2.4).
std::vector<float> inverseFrequencies(const formats::ModelConfig& config);

/// Cosine and sine of every position: [tokens, 1, head_dim] each, the half repeated twice.
struct RopeTable {
    at::Tensor cos;
    at::Tensor sin;
};

/// Angles in fp32, then cast to `dtype`, in which the rotation is done (as transformers does).
RopeTable ropeTable(const std::vector<float>& inverseFrequencies, const at::Tensor& positions,
                    at::ScalarType dtype);

/// x [tokens, heads, head_dim] rotated. Differentiable in x.
at::Tensor applyRope(const at::Tensor& x, const RopeTable& table);

} // namespace llamahome::engine
