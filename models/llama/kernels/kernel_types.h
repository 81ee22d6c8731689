// What the row kernels take, and their table. Included by code for several instruction sets: nothing but
// <cstdint>.
#pragma once

#include <cstdint>

namespace llamahome::engine {

/// bfloat16 as it lies in memory.
struct Bfloat16 {
    std::uint16_t bits;
};

/// A head-major place for vectors of heads: [groups][tokens][heads per group][head_dim].
struct HeadShape {
    std::int64_t tokens;
    std::int64_t groups;   ///< key heads
    std::int64_t perGroup; ///< query heads that share one; 1 for keys and values
    std::int64_t headDim;
};

/// Whose random numbers a row of a batch has: its place in the optimiser step and the token's place in it.
struct TokenPlace {
    std::uint32_t row;
    std::uint32_t position;
};

/// One mask of dropout (llama/lora/dropout.h): Philox of (channel / 8, position, row, site) under `key` gives
/// eight draws of 16 bits; what is below the threshold is dropped.
struct DropoutMask {
    std::uint32_t key[2];
    std::uint32_t site;
    std::uint32_t threshold;
    float kept; ///< what the others are multiplied by
};

template <typename T>
struct RowKernels {
    /// out = round(x / rms(x)) · weight, rms over `width` with eps (llama.md 2.2); inverseRms[row] is kept.
    void (*rmsNorm)(std::int64_t begin, std::int64_t end, std::int64_t width, const T* x, const T* weight,
                    float eps, T* out, float* inverseRms);
    /// dx += the norm's gradient for dy, the gradient of out.
    void (*rmsNormBackward)(std::int64_t begin, std::int64_t end, std::int64_t width, const T* dy, const T* x,
                            const T* weight, const float* inverseRms, T* dx);
    /// Tokens' heads [tokens, groups · perGroup · headDim], `stride` apart → head-major, rotated by `angle`
    /// (cos and sin fp32 [tokens, headDim / 2]; null: copied only).
    void (*scatterHeads)(std::int64_t begin, std::int64_t end, const HeadShape& shape, const T* rows,
                         std::int64_t stride, const float* cos, const float* sin, T* heads);
    /// The other way, rotated back.
    void (*gatherHeads)(std::int64_t begin, std::int64_t end, const HeadShape& shape, const T* heads,
                        const float* cos, const float* sin, T* rows, std::int64_t stride);
    /// out = silu(gate) · up, elements [begin, end).
    void (*swiglu)(std::int64_t begin, std::int64_t end, const T* gate, const T* up, T* out);
    /// gate and up become their gradients for dout.
    void (*swigluBackward)(std::int64_t begin, std::int64_t end, const T* dout, T* gate, T* up);
    /// The mask's KeepBits (product_types.h) of rows of `width` at `places`, `stride` bytes apart.
    void (*drawKeepBits)(std::int64_t begin, std::int64_t end, std::int64_t width, const TokenPlace* places,
                         const DropoutMask& mask, std::uint8_t* bits, std::int64_t stride);
    /// Columns [begin, end) of x [rows, columns] become rows of out [columns, rows].
    void (*transpose)(std::int64_t begin, std::int64_t end, std::int64_t rows, std::int64_t columns,
                      const T* x, T* out);
    /// out = values, rounded, elements [begin, end).
    void (*round)(std::int64_t begin, std::int64_t end, const float* values, T* out);
    /// loss[r] = logsumexp(row) - row[target]; with a scale the row becomes scale · (softmax - onehot).
    void (*crossEntropy)(std::int64_t begin, std::int64_t end, std::int64_t width, T* logits,
                         const std::int64_t* targets, const float* scale, double* loss);
    /// sums += scale · values, elements [begin, end).
    void (*addScaled)(std::int64_t begin, std::int64_t end, float scale, const T* values, float* sums);
};

} // namespace llamahome::engine
