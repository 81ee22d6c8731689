// The plain way from quantised matrices to their values: the oracle of the engine's kernels, and what
// verifying, merging and exporting a quantised model read through. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "formats/bitsandbytes/quantised_view.h"

namespace llamahome::formats {

/// Elements [begin, begin + out.size()) of the matrix in row-major order, as bitsandbytes dequantises them to
/// fp32.
void dequantise(const QuantisedView& matrix, std::uint64_t begin, std::span<float> out);

/// The 256 values, ascending, that scales are quantised to: bitsandbytes' signed dynamic map (llama.md 6.8).
const std::array<float, 256>& dynamicBook();

} // namespace llamahome::formats
