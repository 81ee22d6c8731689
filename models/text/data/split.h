// splitRows: which rows are trained on and which are kept for validation. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace llamahome::text {

/// Both lists rise; together they are every index below the count, each once.
struct RowSplit {
    std::vector<std::size_t> train;
    std::vector<std::size_t> validation;
};

/// Draws fraction × count rows, rounded, for validation: at most `cap`; at least one where fraction > 0 and
/// count ≥ 2; never all. A function of its arguments alone (Philox keyed by the seed).
RowSplit splitRows(std::size_t count, double fraction, std::uint64_t seed, std::size_t cap = 2000);

} // namespace llamahome::text
