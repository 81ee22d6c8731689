// Batch: rows of a micro-batch concatenated, never padded. Engine thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "llama/kernels/row_kernels.h"
#include "text/data/token_row.h"

namespace llamahome::engine {

/// Its tensors lie in the processor's memory: what a device needs of them is copied there.
struct Batch {
    at::Tensor tokens;                       ///< int64 [tokens]
    at::Tensor positions;                    ///< int64 [tokens]; restart at 0 in every row
    std::vector<std::int64_t> cu_seqlens;    ///< row i is tokens cu_seqlens[i] … cu_seqlens[i + 1] - 1
    at::Tensor predictors;                   ///< int64 [targets]: tokens whose next token is trained
    at::Tensor targets;                      ///< int64 [targets]: those next tokens
    std::vector<TokenPlace> places;          ///< [tokens]; key dropout; empty in inference
    std::vector<TokenPlace> predictorPlaces; ///< [targets]; those of the predictors

    std::int64_t tokenCount() const { return tokens.size(0); }
    std::int64_t targetCount() const { return targets.size(0); }
};

/// Concatenates rows (each non-empty); `firstRow` is the place of the first within its optimiser step.
Batch makeBatch(std::span<const text::TokenRow* const> rows, std::uint32_t firstRow);

/// A single row continuing at `firstPosition`, without targets: prompts and decoding.
Batch makeInferenceBatch(std::span<const std::int32_t> tokens, std::int64_t firstPosition);

} // namespace llamahome::engine
