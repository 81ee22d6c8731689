// From a matrix of a model's file to its quantised form. Torch-free; any thread.
#pragma once

#include <cstddef>
#include <span>

#include "core/result.h"
#include "formats/bitsandbytes/quantised_matrix.h"
#include "formats/gguf/gguf_packing.h"
#include "formats/tensor.h"

namespace llamahome::engine {

/// Quantises the matrix `tensor` [rows, columns] of type BF16, F16 or F32, whose elements are `values`. NF4
/// in blocks of 64, whose scales are quantised again ("double quantisation"). The result owns its memory and
/// is the same whatever the threads that `parallel` brings. ST-44 where a value is not finite.
Result<formats::QuantisedMatrix> quantise(formats::Quantisation format, const formats::TensorInfo& tensor,
                                          std::span<const std::byte> values,
                                          const formats::ParallelFor& parallel);

/// Bytes of a quantised matrix of that shape, as quantise() makes it.
std::uint64_t quantisedBytes(formats::Quantisation format, std::uint64_t rows, std::uint64_t columns);

} // namespace llamahome::engine
