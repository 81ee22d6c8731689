// How GGUF keeps a scaling of the rotary frequencies: keys for linear, a tensor of divisors for llama3. Any
// thread.
#pragma once

#include <string_view>
#include <vector>

#include "formats/hub/model_config.h"

namespace llamahome::formats {

/// The tensor of divisors in which GGUF keeps llama3 scaling of the rotary frequencies.
inline constexpr std::string_view kGgufRopeTensor = "rope_freqs.weight";

inline constexpr std::string_view kGgufRopeScalingType = "llama.rope.scaling.type";
inline constexpr std::string_view kGgufRopeScalingFactor = "llama.rope.scaling.factor";
inline constexpr std::string_view kGgufLinearScaling = "linear"; ///< the one type that has no tensor

/// One divisor for each of the head_dim / 2 frequencies of `config` under `scaling` (llama.md 2.4 and 8.3): 1
/// for short wavelengths, the factor for long ones, between them a smooth way from one to the other.
std::vector<double> llama3Divisors(const ModelConfig& config, const RopeScaling& scaling);

} // namespace llamahome::formats
