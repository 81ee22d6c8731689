// The product kernels on tensors, shared among the threads of the OpenMP team. Engine thread.
#pragma once

#include <cstdint>
#include <span>

#include <ATen/core/Tensor.h>

#include "llama/kernels/product_types.h"
#include "llama/kernels/quant_types.h"
#include "llama/nn/products.h"

namespace llamahome::engine {

/// One summand. All of one element type, rows of contiguous elements.
struct TensorTerm {
    at::Tensor left;  ///< [rows, depth]
    at::Tensor right; ///< [depth, columns], or [columns, depth] where rightIsTransposed
    bool rightIsTransposed = false;
    double scale = 1.0;      ///< of this summand and those before it
    KeepBits leftKeep = {};  ///< dropout of left
    KeepBits rightKeep = {}; ///< of right, in rows as stored
    KeepBits sumKeep = {};   ///< of the sum of this summand and those before it
    /// In place of `right`, if set: a frozen matrix whose values are made where it is packed.
    const QuantisedView* quantisedRight = nullptr;
    /// With a quantised right matrix of int8: left rows are quantised too, and codes are multiplied. Not
    /// with leftKeep or rightKeep.
    bool isInt8 = false;
    /// With isInt8: the product that was made last in this room was of the same left rows, likewise in its
    /// first such term; their codes are still there.
    bool isLeftThere = false;

    /// Of the right matrix as it is stored.
    std::int64_t storedRows() const { return quantisedRight ? quantisedRight->rows : right.size(0); }
    std::int64_t storedColumns() const { return quantisedRight ? quantisedRight->columns : right.size(1); }
};

/// Where products are counted and made.
struct ProductWork {
    Products& products;
    at::Tensor room; ///< bytes, as many as productRoomBytes() says (kernels/product_kernels.h)
};

/// out [rows, columns] = the summands, summed in fp32, + bias [columns] + addend [rows, columns] (either may
/// be undefined; the addend may be `out`), rounded once.
void productInto(std::span<const TensorTerm> terms, const at::Tensor& out, const ProductWork& work,
                 const at::Tensor& bias = {}, const at::Tensor& addend = {});

/// sums fp32 [rows, columns], contiguous, += the summand, whose right matrix lies as it is and whose left is
/// not dropped. As deep as you like: it is summed in slices.
void addProductTo(const at::Tensor& sums, const TensorTerm& term, const ProductWork& work);

} // namespace llamahome::engine
