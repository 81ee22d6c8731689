#include "llama/kernels/product_kernels.h"

#include <algorithm>

namespace llamahome::engine {
namespace {

template <typename T>
std::size_t roomBytes(std::int64_t depth, int threads) {
    const ProductKernels<T>& kernels = productKernels<T>();
    ProductTerm<T> term;
    term.depth = depth;
    Product<T> product;
    product.terms = &term;
    product.termCount = 1;
    const auto shares = static_cast<std::size_t>(threads);
    return shares * kernels.scratchBytes(depth) +
           std::max(kPackedPanelsBytes, shares * kernels.panelBytes(product));
}

} // namespace

std::size_t productRoomBytes(std::uint64_t elementBytes, std::int64_t depth, int threads) {
    return elementBytes == sizeof(float) ? roomBytes<float>(depth, threads)
                                         : roomBytes<Bfloat16>(depth, threads);
}

} // namespace llamahome::engine
