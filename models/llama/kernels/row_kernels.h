// The engine's own loops over rows: norms, rotation, SwiGLU, dropout's bits, cross-entropy. Torch-free; any
// thread.
//
// Every kernel works on the rows [begin, end) that its caller gives it, so that the caller decides how
// threads share them. Elements are fp32 or bfloat16; all arithmetic is fp32; values are rounded where
// transformers rounds them, to nearest even.
#pragma once

#include "llama/kernels/cpu_level.h"
#include "llama/kernels/kernel_types.h"

namespace llamahome::engine {

/// The kernels of the current level (cpu_level.h).
template <typename T>
const RowKernels<T>& rowKernels();
template <>
const RowKernels<float>& rowKernels<float>();
template <>
const RowKernels<Bfloat16>& rowKernels<Bfloat16>();

} // namespace llamahome::engine
