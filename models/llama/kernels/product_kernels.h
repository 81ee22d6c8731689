// Matrix products of the engine's own: fp32 and bfloat16 with sums in fp32, whatever the instruction set.
// Torch-free; any thread.
//
// bfloat16 is multiplied in pairs where the processor does that (AVX512_BF16), else widened as it is packed,
// so that weights stay two bytes in memory. Several products can be summed into one result without a round
// trip through memory: a frozen weight and its adapter, or the gradients of projections that share an input.
// A frozen matrix of int8 can be multiplied with rows that are quantised to int8 as they come (W8A8): sums of
// codes are exact, what is lost is lost in quantising a row.
#pragma once

#include <cstddef>
#include <cstdint>

#include "llama/kernels/cpu_level.h"
#include "llama/kernels/product_types.h"

namespace llamahome::engine {

/// The kernels of the current level (cpu_level.h).
template <typename T>
const ProductKernels<T>& productKernels();
template <>
const ProductKernels<float>& productKernels<float>();
template <>
const ProductKernels<Bfloat16>& productKernels<Bfloat16>();

/// Of panels that threads pack together: they stay in the third cache while the rows pass.
inline constexpr std::size_t kPackedPanelsBytes = std::size_t{8} << 20;

/// Memory for any product in the type of that many bytes whose terms are up to `depth` deep in all, shared by
/// that many threads; of up to `int8Rows` rows where there are terms with int8Right.
std::size_t productRoomBytes(std::uint64_t elementBytes, std::int64_t depth, int threads,
                             std::int64_t int8Rows = 0);

} // namespace llamahome::engine
