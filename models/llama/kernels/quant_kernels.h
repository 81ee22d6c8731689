// Quantising matrices to int8 and NF4, and reading their values back. Torch-free; any thread.
//
// The kernels give what formats/bitsandbytes/quantised_values.h gives, rounded to the element type; but for
// values too small to be normal in bfloat16, which the level with bfloat16 makes 0.
#pragma once

#include "llama/kernels/cpu_level.h"
#include "llama/kernels/quant_types.h"

namespace llamahome::engine {

/// The kernels of the current level (cpu_level.h), from and to elements of T.
template <typename T>
const QuantKernels<T>& quantKernels();
template <>
const QuantKernels<float>& quantKernels<float>();
template <>
const QuantKernels<Bfloat16>& quantKernels<Bfloat16>();

} // namespace llamahome::engine
