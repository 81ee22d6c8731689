// What llama3 scaling divides the rotary frequencies by, as GGUF keeps it. Any thread.
#pragma once

#include <string_view>
#include <vector>

#include "formats/hub/model_config.h"

namespace llamahome::formats {

/// The tensor of divisors in which GGUF keeps llama3 scaling of the rotary frequencies.
inline constexpr std::string_view kGgufRopeTensor = "rope_freqs.weight";

/// One divisor for each of the head_dim / 2 frequencies of `config` under `scaling` (llama.md 2.4 and 8.3): 1
/// for short wavelengths, the factor for long ones, between them a smooth way from one to the other.
std::vector<double> llama3Divisors(const ModelConfig& config, const Llama3RopeScaling& scaling);

} // namespace llamahome::formats
