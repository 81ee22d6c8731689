#include "llama/nn/rope.h"

#include <cmath>
#include <numbers>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

namespace llamahome::engine {
namespace {

float scaledFrequency(float frequency, const formats::Llama3RopeScaling& scaling) {
    const auto original = static_cast<float>(scaling.original_max_position_embeddings);
    const auto low = static_cast<float>(scaling.low_freq_factor);
    const auto high = static_cast<float>(scaling.high_freq_factor);
    const auto factor = static_cast<float>(scaling.factor);
    const float wavelength = 2.0F * std::numbers::pi_v<float> / frequency;
    if (wavelength < original / high) return frequency;
    if (wavelength > original / low) return frequency / factor;
    const float smooth = (original / wavelength - low) / (high - low);
    return (1.0F - smooth) * frequency / factor + smooth * frequency;
}

} // namespace

std::vector<float> inverseFrequencies(const formats::ModelConfig& config) {
    const auto theta = static_cast<float>(config.rope_theta);
    std::vector<float> frequencies(static_cast<std::size_t>(config.head_dim / 2));
    for (std::size_t i = 0; i < frequencies.size(); ++i) {
        const float exponent = static_cast<float>(2 * i) / static_cast<float>(config.head_dim);
        frequencies[i] = 1.0F / std::pow(theta, exponent);
        if (config.rope_scaling) frequencies[i] = scaledFrequency(frequencies[i], *config.rope_scaling);
    }
    return frequencies;
}

RopeTable ropeTable(const std::vector<float>& inverseFrequencies, const at::Tensor& positions,
                    at::ScalarType dtype) {
    const at::Tensor frequencies = at::tensor(inverseFrequencies, at::kFloat);
    const at::Tensor half = positions.to(at::kFloat).unsqueeze(1) * frequencies; // [tokens, head_dim / 2]
    const at::Tensor angles = at::cat({half, half}, 1).unsqueeze(1);             // [tokens, 1, head_dim]
    return {angles.cos().to(dtype), angles.sin().to(dtype)};
}

at::Tensor applyRope(const at::Tensor& x, const RopeTable& table) {
    const std::int64_t half = x.size(-1) / 2;
    const at::Tensor rotated = at::cat({-x.narrow(-1, half, half), x.narrow(-1, 0, half)}, -1);
    return x * table.cos + rotated * table.sin;
}

} // namespace llamahome::engine
