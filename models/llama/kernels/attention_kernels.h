// Attention of the engine's own. Torch-free; any thread.
#pragma once

#include "llama/kernels/attention_types.h"
#include "llama/kernels/cpu_level.h"

namespace llamahome::engine {

/// The kernels of the current level (cpu_level.h).
template <typename T>
const AttentionKernels<T>& attentionKernels();
template <>
const AttentionKernels<float>& attentionKernels<float>();
template <>
const AttentionKernels<Bfloat16>& attentionKernels<Bfloat16>();

} // namespace llamahome::engine
