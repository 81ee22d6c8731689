#include "formats/hub/rope_divisors.h"

#include <cmath>
#include <numbers>

namespace llamahome::formats {
namespace {

/// The divisor of the frequency `inverse`.
double llama3Divisor(double inverse, const RopeScaling& scaling) {
    const auto original = static_cast<double>(scaling.original_max_position_embeddings);
    const double wavelength = 2.0 * std::numbers::pi / inverse;
    if (wavelength < original / scaling.high_freq_factor) return 1.0;
    if (wavelength > original / scaling.low_freq_factor) return scaling.factor;
    const double smooth = (original / wavelength - scaling.low_freq_factor) /
                          (scaling.high_freq_factor - scaling.low_freq_factor);
    return 1.0 / ((1.0 - smooth) / scaling.factor + smooth);
}

} // namespace

std::vector<double> llama3Divisors(const ModelConfig& config, const RopeScaling& scaling) {
    std::vector<double> divisors;
    for (std::int64_t i = 0; i < config.head_dim / 2; ++i) {
        const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(config.head_dim);
        divisors.push_back(llama3Divisor(std::pow(config.rope_theta, exponent), scaling));
    }
    return divisors;
}

} // namespace llamahome::formats
