#include "llama/kernels/product_kernels.h"

#include <algorithm>

namespace llamahome::engine {
namespace {

/// Of the left rows of all terms as int8.
template <typename T>
std::size_t codeRoomBytes(std::int64_t depth, std::int64_t rows) {
    constexpr std::int64_t kRounding = 64; // elements or bytes by which each term is rounded up
    const ProductKernels<T>& kernels = productKernels<T>();
    return kernels.leftCodeBytes(rows, depth + kMostProductTerms * kRounding) +
           (kMostProductTerms - 1) * (kernels.leftCodeBytes(rows, 0) + kRounding);
}

template <typename T>
std::size_t roomBytes(std::int64_t depth, int threads, std::int64_t int8Rows) {
    const ProductKernels<T>& kernels = productKernels<T>();
    ProductTerm<T> term;
    term.depth = depth;
    Product<T> product;
    product.terms = &term;
    product.termCount = 1;
    const auto shares = static_cast<std::size_t>(threads);
    const std::size_t codes = int8Rows > 0 ? codeRoomBytes<T>(depth, int8Rows) : 0;
    return codes + shares * kernels.scratchBytes(depth) +
           std::max(kPackedPanelsBytes, shares * kernels.panelBytes(product));
}

} // namespace

std::size_t productRoomBytes(std::uint64_t elementBytes, std::int64_t depth, int threads,
                             std::int64_t int8Rows) {
    return elementBytes == sizeof(float) ? roomBytes<float>(depth, threads, int8Rows)
                                         : roomBytes<Bfloat16>(depth, threads, int8Rows);
}

} // namespace llamahome::engine
