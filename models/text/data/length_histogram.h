// LengthHistogram: exact order statistics of many lengths in bounded memory. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "text/data/dataset_summary.h"

namespace llamahome::text {

class LengthHistogram {
public:
    void add(std::size_t length);
    LengthStatistics statistics() const;

private:
    /// The smallest length that at least `share` of the rows do not exceed.
    std::size_t quantile(double share) const;

    static constexpr std::size_t kExactBelow = 1U << 20; ///< longer rows are counted as this long
    std::vector<std::uint64_t> m_counts;                 ///< by length
    std::uint64_t m_rows = 0;
    std::size_t m_min = 0;
    std::size_t m_max = 0;
};

} // namespace llamahome::text
