// The engine's own loops over rows: norms, rotation, SwiGLU, softmax, cross-entropy. Torch-free; any thread.
//
// One source (row_kernels_body.h) is compiled for four instruction sets and chosen at run time. Every kernel
// works on the rows [begin, end) that its caller gives it, so that the caller decides how threads share them.
// Elements are fp32 or bfloat16; all arithmetic is fp32; values are rounded where transformers rounds them,
// to nearest even.
#pragma once

#include <string_view>
#include <vector>

#include "llama/kernels/kernel_types.h"

namespace llamahome::engine {

/// Instruction sets that the kernels are compiled for, ascending.
enum class CpuLevel { Portable, Avx2, Avx512, Avx512Bf16 };

std::string_view cpuLevelName(CpuLevel level);
/// What this machine can run; the last one is the best.
const std::vector<CpuLevel>& cpuLevels();

/// The level that rowKernels() gives from now on; the best one until then. For tests: not while another
/// thread computes.
void setCpuLevel(CpuLevel level);

/// The kernels of the current level.
template <typename T>
const RowKernels<T>& rowKernels();
template <>
const RowKernels<float>& rowKernels<float>();
template <>
const RowKernels<Bfloat16>& rowKernels<Bfloat16>();

} // namespace llamahome::engine
