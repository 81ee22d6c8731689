// What the product kernels take, and their table. Included by code for several instruction sets: nothing but
// <cstddef> and <cstdint>.
#pragma once

#include <cstddef>
#include <cstdint>

#include "formats/bitsandbytes/quantised_view.h"
#include "llama/kernels/kernel_types.h"

namespace llamahome::engine {

/// Which elements of a matrix stay, the others being 0: bit i % 8 of byte i / 8 of a row, rows `stride` bytes
/// apart, of at least keepBytes() each. What stays is multiplied by `scale`. Null bits: all stay as they are.
struct KeepBits {
    const std::uint8_t* bits = nullptr;
    std::int64_t stride = 0;
    float scale = 1.0F;
};

/// Bytes of a row of bits for `width` elements.
constexpr std::int64_t keepBytes(std::int64_t width) {
    return (width + 63) / 64 * 8;
}

/// Rows of a matrix that does not lie in memory as T: read() writes `count` elements from `first` of a row.
template <typename T>
struct RowSource {
    const void* self = nullptr;
    void (*read)(const void* self, std::int64_t row, std::int64_t first, std::int64_t count,
                 T* out) = nullptr;
};

/// The right matrix [depth, columns] of a product, stored so or transposed [columns, depth].
template <typename T>
struct RightMatrix {
    const T* data = nullptr; ///< rows as stored, `stride` elements apart
    std::int64_t stride = 0;
    bool isTransposed = false;
    RowSource<T> source; ///< if set, in place of data
    KeepBits keep;       ///< of the rows as stored
};

/// One summand left [rows, depth] · right [depth, columns].
template <typename T>
struct ProductTerm {
    const T* left = nullptr;
    std::int64_t leftStride = 0;
    std::int64_t depth = 0;
    RightMatrix<T> right;
    KeepBits leftKeep;
    float scale = 1.0F; ///< of the sum of this term and those before it
    KeepBits sumKeep;   ///< of the same sum
    /// If set, in place of `right` (whose isTransposed counts all the same): a matrix of int8, whose codes
    /// are multiplied with the codes of the left rows; leftKeep plays no part. Not deeper than
    /// kMostInt8Depth.
    const formats::QuantisedView* int8Right = nullptr;
    std::byte* leftCodes = nullptr; ///< with it: what quantiseLeft() wrote
};

/// Sums of so many products of codes stay within 32 bits.
constexpr std::int64_t kMostInt8Depth = 65536;

constexpr int kMostProductTerms = 4;

/// out [rows, columns] = sum of the terms, in fp32, + bias + addend, rounded once. At least one term, one row
/// and one column, and no term without depth.
template <typename T>
struct Product {
    const ProductTerm<T>* terms = nullptr;
    int termCount = 0; ///< up to kMostProductTerms
    std::int64_t rows = 0;
    std::int64_t columns = 0;
    T* out = nullptr; ///< or null where `sums` is given
    std::int64_t outStride = 0;
    float* sums = nullptr;     ///< fp32 [rows, columns], to which the product is added
    const T* bias = nullptr;   ///< [columns], or null
    const T* addend = nullptr; ///< [rows, columns], or null; may be `out`
    std::int64_t addendStride = 0;
};

/// A product in two parts that threads share: the right matrices are packed into panels of columns, then
/// blocks of rows are multiplied by them.
template <typename T>
struct ProductKernels {
    std::int64_t panelColumns;
    /// A share of rows is best a multiple of the first and so large as the second, a share of panels a
    /// multiple of the third.
    std::int64_t tileRows;
    std::int64_t blockRows;
    std::int64_t panelsTogether;
    /// Bytes of one packed panel of a product.
    std::size_t (*panelBytes)(const Product<T>& product);
    /// Bytes of the memory that multiply() scribbles on, for any product of that depth in all.
    std::size_t (*scratchBytes)(std::int64_t depth);
    /// Bytes of the left rows of a term as int8, a multiple of 64.
    std::size_t (*leftCodeBytes)(std::int64_t rows, std::int64_t depth);
    /// Left rows [begin, end) of a term with int8Right, of a product of that many, as int8 into its
    /// leftCodes: code = round(value · (127 / largest magnitude of the row)), ties to even. Where the right
    /// is not transposed, its channels' scales are multiplied into the values before. A row whose largest
    /// magnitude is below 1e-36 becomes zeros, one with a value that is not finite makes the row of the
    /// product NaN.
    void (*quantiseLeft)(const ProductTerm<T>& term, std::int64_t rows, std::int64_t begin, std::int64_t end);
    /// Panel number `panel` of all terms into `packed`.
    void (*pack)(const Product<T>& product, std::int64_t panel, std::byte* packed);
    /// Rows [begin, end) of the columns of panels [firstPanel, endPanel), packed one after the other.
    void (*multiply)(const Product<T>& product, std::int64_t begin, std::int64_t end, std::int64_t firstPanel,
                     std::int64_t endPanel, const std::byte* packed, std::byte* scratch);
};

} // namespace llamahome::engine
