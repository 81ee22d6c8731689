// Rotary position embedding, half-split layout, with the scalings of the frequencies. Engine thread.
#pragma once

#include <ATen/core/Tensor.h>

#include "formats/hub/model_config.h"
#include "llama/nn/batch.h"

namespace llamahome::engine {

class Workspace;

/// Cosine and sine of every position: [tokens, 1, head_dim] each in the compute dtype, the half repeated
/// twice.
struct RopeTable {
    at::Tensor cos;
    at::Tensor sin;

    RopeTable on(at::Device device) const { return {cos.to(device), sin.to(device)}; }
};

/// The same in fp32, not rounded and not repeated: [tokens, head_dim / 2] each.
struct HalfRopeTable {
    at::Tensor cos;
    at::Tensor sin;
};

/// The rotary frequencies of one model.
class Rope {
public:
    explicit Rope(const formats::ModelConfig& config);

    /// Angles in fp32, then cast to `dtype`, in which the rotation is done (as transformers does). Under
    /// dynamic scaling each row turns with the base of its own length, whatever rows stand beside it.
    RopeTable table(const Batch& batch, at::ScalarType dtype) const;
    HalfRopeTable halfTable(const Batch& batch, Workspace& workspace) const;
    /// The same of one token: cos and sin [head_dim / 2] of the last token of a row of `length`.
    void lastAngles(std::int64_t length, float* cos, float* sin) const;

private:
    /// [1, head_dim / 2] of a row of `length` tokens.
    at::Tensor frequenciesOf(std::int64_t length) const;
    /// [1, head_dim / 2], or [tokens, head_dim / 2] where rows differ.
    at::Tensor frequenciesOf(const Batch& batch) const;

    formats::ModelConfig m_config;
    at::Tensor m_frequencies; ///< fp32 [1, head_dim / 2], of rows within max_position_embeddings
};

/// x [tokens, heads, head_dim] rotated. Differentiable in x.
at::Tensor applyRope(const at::Tensor& x, const RopeTable& table);

} // namespace llamahome::engine
