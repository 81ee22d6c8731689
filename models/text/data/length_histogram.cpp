#include "text/data/length_histogram.h"

#include <algorithm>
#include <cmath>

namespace llamahome::text {
namespace {

constexpr std::size_t kMostBuckets = 20;

/// The smallest of 1, 2, 5, 10, 20 … with which lengths up to `max` need at most kMostBuckets buckets.
std::size_t bucketWidth(std::size_t max) {
    for (std::size_t power = 1;; power *= 10) {
        for (const std::size_t step : {1, 2, 5}) {
            if (max / (step * power) < kMostBuckets) return step * power;
        }
    }
}

} // namespace

void LengthHistogram::add(std::size_t length) {
    const std::size_t slot = std::min(length, kExactBelow);
    if (slot >= m_counts.size()) m_counts.resize(slot + 1);
    ++m_counts[slot];
    m_min = m_rows == 0 ? length : std::min(m_min, length);
    m_max = std::max(m_max, length);
    ++m_rows;
}

std::size_t LengthHistogram::quantile(double share) const {
    const auto rank = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(m_rows))));
    std::uint64_t seen = 0;
    for (std::size_t length = 0; length < m_counts.size(); ++length) {
        seen += m_counts[length];
        if (seen >= rank) return length;
    }
    return m_max;
}

LengthStatistics LengthHistogram::statistics() const {
    LengthStatistics result;
    if (m_rows == 0) return result;
    result.min = m_min;
    result.max = m_max;
    result.median = quantile(0.5);
    result.p95 = quantile(0.95);
    const std::size_t width = bucketWidth(m_max);
    const std::size_t first = m_min / width;
    for (std::size_t i = first; i <= m_max / width; ++i)
        result.buckets.push_back({i * width, (i + 1) * width, 0});
    for (std::size_t length = 0; length < m_counts.size(); ++length) {
        if (m_counts[length] == 0) continue;
        const std::size_t bucket = std::clamp(length / width, first, m_max / width);
        result.buckets[bucket - first].rows += m_counts[length];
    }
    return result;
}

} // namespace llamahome::text
