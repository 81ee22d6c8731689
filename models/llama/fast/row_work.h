// The row kernels on tensors, shared among the threads of the OpenMP team. Engine thread.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include "llama/kernels/row_kernels.h"

namespace llamahome::engine {

/// Memory of a contiguous tensor as the kernels' element type.
template <typename T>
T* elements(const at::Tensor& tensor) {
    assert(tensor.is_contiguous() && sizeof(T) % tensor.element_size() == 0);
    return static_cast<T*>(tensor.mutable_data_ptr());
}

/// Calls `work` with T{} of the tensor's element type: float or Bfloat16.
template <typename Work>
void withElements(const at::Tensor& tensor, Work work) {
    assert(tensor.scalar_type() == at::kBFloat16 || tensor.scalar_type() == at::kFloat);
    if (tensor.scalar_type() == at::kBFloat16)
        work(Bfloat16{});
    else
        work(float{});
}

/// Calls `work(begin, end)` for parts of [0, rows) on all threads.
template <typename Work>
void overRows(std::int64_t rows, std::int64_t rowElements, Work work) {
    constexpr std::int64_t kWorthAThread = 16 * 1024; // elements
    const std::int64_t grain =
        std::max<std::int64_t>(1, kWorthAThread / std::max<std::int64_t>(1, rowElements));
    at::parallel_for(0, rows, grain, work);
}

/// x [rows, width] normed with `weight` into `out`; inverseRms fp32 [rows].
void rmsNormInto(const at::Tensor& x, const at::Tensor& weight, double eps, const at::Tensor& out,
                 const at::Tensor& inverseRms);
/// dx += the norm's gradient for dy; all [rows, width].
void rmsNormBackwardInto(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight,
                         const at::Tensor& inverseRms, const at::Tensor& dx);
/// The mask's bits of rows at `places` into `bits` [rows, bytes], for rows of `width` elements.
void drawKeepBitsInto(const std::vector<TokenPlace>& places, const DropoutMask& mask, std::int64_t width,
                      const at::Tensor& bits);
/// out[i] = x[places[i]], rows of one type; places int64 [rows of out].
void gatherRowsInto(const at::Tensor& x, const at::Tensor& places, const at::Tensor& out);
/// out[places[i]] = x[i]; the others stay.
void scatterRowsInto(const at::Tensor& x, const at::Tensor& places, const at::Tensor& out);
/// out [columns, rows] = x [rows, columns].
void transposeInto(const at::Tensor& x, const at::Tensor& out);
/// out = values (fp32), rounded to its type; of one shape.
void roundInto(const at::Tensor& values, const at::Tensor& out);
/// out = silu(gate) · up, of one shape.
void swigluInto(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& out);
/// sums += values, of one shape; both fp32.
void addInto(const at::Tensor& sums, const at::Tensor& values);
/// gate and up become their gradients for dout.
void swigluBackwardInPlace(const at::Tensor& dout, const at::Tensor& gate, const at::Tensor& up);

} // namespace llamahome::engine
