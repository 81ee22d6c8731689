#include "llama/nn/rope.h"

#include <cmath>
#include <numbers>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/tensor.h>

#include "llama/nn/workspace.h"

namespace llamahome::engine {
namespace {

using formats::ModelConfig;
using formats::RopeScaling;
using formats::RopeType;

float llama3Frequency(float frequency, const RopeScaling& scaling) {
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

float scaledFrequency(float frequency, const std::optional<RopeScaling>& scaling) {
    if (!scaling) return frequency;
    switch (scaling->type) {
    case RopeType::Linear:
        return frequency / static_cast<float>(scaling->factor);
    case RopeType::Llama3:
        return llama3Frequency(frequency, *scaling);
    case RopeType::Dynamic:
        break;
    }
    return frequency;
}

/// head_dim / 2 inverse frequencies of the base `theta` [1, head_dim / 2] (llama.md 2.3).
at::Tensor inverseFrequencies(const ModelConfig& config, float theta) {
    std::vector<float> frequencies(static_cast<std::size_t>(config.head_dim / 2));
    for (std::size_t i = 0; i < frequencies.size(); ++i) {
        const float exponent = static_cast<float>(2 * i) / static_cast<float>(config.head_dim);
        frequencies[i] = scaledFrequency(1.0F / std::pow(theta, exponent), config.rope_scaling);
    }
    return at::tensor(frequencies, at::kFloat).unsqueeze(0);
}

/// The base for a row of `length` tokens, in the steps and the precision of transformers'
/// _compute_dynamic_ntk_parameters; it is the model's own where the length is the model's.
float dynamicTheta(const ModelConfig& config, std::int64_t length) {
    const auto factor = static_cast<float>(config.rope_scaling->factor);
    const auto usual = static_cast<float>(config.max_position_embeddings);
    const auto size = static_cast<double>(config.head_dim);
    const float stretch = factor * static_cast<float>(length) / usual - (factor - 1.0F);
    return static_cast<float>(config.rope_theta) * std::pow(stretch, static_cast<float>(size / (size - 2.0)));
}

} // namespace

Rope::Rope(const ModelConfig& config)
    : m_config(config)
    , m_frequencies(inverseFrequencies(config, static_cast<float>(config.rope_theta))) {}

at::Tensor Rope::frequenciesOf(std::int64_t length) const {
    if (!m_config.isScaledLike(RopeType::Dynamic) || length <= m_config.max_position_embeddings)
        return m_frequencies;
    return inverseFrequencies(m_config, dynamicTheta(m_config, length));
}

at::Tensor Rope::frequenciesOf(const Batch& batch) const {
    if (!m_config.isScaledLike(RopeType::Dynamic)) return m_frequencies;
    std::vector<at::Tensor> rows;
    for (std::size_t i = 0; i + 1 < batch.cu_seqlens.size(); ++i) {
        const std::int64_t tokens = batch.cu_seqlens[i + 1] - batch.cu_seqlens[i];
        const std::int64_t length = batch.positions[batch.cu_seqlens[i + 1] - 1].item<std::int64_t>() + 1;
        rows.push_back(frequenciesOf(length).expand({tokens, -1}));
    }
    return at::cat(rows, 0);
}

void Rope::lastAngles(std::int64_t length, float* cos, float* sin) const {
    const at::Tensor frequencies = frequenciesOf(length);
    const float* const values = frequencies.const_data_ptr<float>();
    for (std::int64_t i = 0; i < m_config.head_dim / 2; ++i) {
        const float angle = static_cast<float>(length - 1) * values[i];
        cos[i] = std::cos(angle);
        sin[i] = std::sin(angle);
    }
}

RopeTable Rope::table(const Batch& batch, at::ScalarType dtype) const {
    const at::Tensor half = batch.positions.to(at::kFloat).unsqueeze(1) * frequenciesOf(batch);
    const at::Tensor angles = at::cat({half, half}, 1).unsqueeze(1); // [tokens, 1, head_dim]
    return {angles.cos().to(dtype), angles.sin().to(dtype)};
}

HalfRopeTable Rope::halfTable(const Batch& batch, Workspace& workspace) const {
    const std::vector<std::int64_t> shape{batch.tokenCount(), m_config.head_dim / 2};
    at::Tensor cos = workspace.take(shape, at::kFloat);
    at::Tensor sin = workspace.take(shape, at::kFloat);
    at::mul_out(cos, batch.positions.to(at::kFloat).unsqueeze(1), frequenciesOf(batch));
    at::sin_out(sin, cos);
    cos.cos_();
    return {cos, sin};
}

at::Tensor applyRope(const at::Tensor& x, const RopeTable& table) {
    const std::int64_t half = x.size(-1) / 2;
    const at::Tensor rotated = at::cat({-x.narrow(-1, half, half), x.narrow(-1, 0, half)}, -1);
    return x * table.cos + rotated * table.sin;
}

} // namespace llamahome::engine
