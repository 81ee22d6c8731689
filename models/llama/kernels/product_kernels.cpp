#include "llama/kernels/product_kernels.h"

#include <algorithm>

namespace llamahome::engine {
namespace {

/// Of packed panels: they stay in the third cache while the rows pass.
constexpr std::size_t kPackedBytes = std::size_t{8} << 20;

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
           std::max(kPackedBytes, shares * kernels.panelBytes(product));
}

} // namespace

std::size_t productRoomBytes(std::uint64_t elementBytes, std::int64_t depth, int threads) {
    return elementBytes == sizeof(float) ? roomBytes<float>(depth, threads)
                                         : roomBytes<Bfloat16>(depth, threads);
}

} // namespace llamahome::engine
