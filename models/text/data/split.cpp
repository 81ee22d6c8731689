#include "text/data/split.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/philox.h"

namespace llamahome::text {
namespace {

constexpr std::uint64_t kSplitStream = 0x53504C4954; ///< "SPLIT": keeps these draws apart from all others

} // namespace

RowSplit splitRows(std::size_t count, double fraction, std::uint64_t seed, std::size_t cap) {
    std::size_t wanted = 0;
    if (fraction > 0.0 && count >= 2) {
        const double rows = std::round(std::min(fraction, 1.0) * static_cast<double>(count));
        wanted = std::clamp<std::size_t>(static_cast<std::size_t>(rows), 1, count - 1);
        wanted = std::min(wanted, std::max<std::size_t>(cap, 1));
    }
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    PhiloxStream draws(seed, kSplitStream);
    for (std::size_t i = 0; i < wanted; ++i) {
        const auto offset = draws.nextBelow(static_cast<std::uint32_t>(count - i));
        std::swap(order[i], order[i + offset]);
    }
    const auto middle = order.begin() + static_cast<std::ptrdiff_t>(wanted);
    RowSplit split{{middle, order.end()}, {order.begin(), middle}};
    std::sort(split.train.begin(), split.train.end());
    std::sort(split.validation.begin(), split.validation.end());
    return split;
}

} // namespace llamahome::text
