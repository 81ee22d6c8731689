// Products of weights with one or a few rows, and attention of one token: the loops of decoding. Torch-free;
// any thread.
//
// They are bound by memory: every weight is read once for all rows. As with the row kernels the caller shares
// the outputs [begin, end), or the tokens of the context, among threads. Sums are fp32.
#pragma once

#include "llama/kernels/cpu_level.h"
#include "llama/kernels/vector_types.h"

namespace llamahome::engine {

/// The kernels of the current level (cpu_level.h).
template <typename T>
const VectorKernels<T>& vectorKernels();
template <>
const VectorKernels<float>& vectorKernels<float>();
template <>
const VectorKernels<Bfloat16>& vectorKernels<Bfloat16>();

} // namespace llamahome::engine
