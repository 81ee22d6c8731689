#include "managers/metric_series.h"

#include <algorithm>
#include <cmath>

namespace llamahome::managers {

void MetricSeries::Extremes::merge(const Extremes& other) {
    if (other.isEmpty()) return;
    if (isEmpty()) {
        *this = other;
        return;
    }
    if (other.minimum < minimum) {
        minimum = other.minimum;
        least = other.least;
    }
    if (other.maximum > maximum) {
        maximum = other.maximum;
        greatest = other.greatest;
    }
}

void MetricSeries::mergeValue(Extremes& into, std::size_t i) const {
    const float value = m_values[i];
    if (!std::isfinite(value)) return;
    const auto at = static_cast<std::uint32_t>(i);
    into.merge({value, value, at, at});
}

void MetricSeries::include(std::size_t i) {
    std::size_t entry = i / kFan;
    for (std::size_t level = 0;; ++level) {
        if (level == m_levels.size()) {
            if (entry == 0 && level > 0) return; // the level below is one entry
            m_levels.emplace_back();
            for (std::size_t older = 0; older < entry; ++older) {
                m_levels[level].push({});
                recompute(level, older);
            }
        }
        if (entry == m_levels[level].size()) m_levels[level].push({});
        mergeValue(m_levels[level][entry], i);
        entry /= kFan;
    }
}

void MetricSeries::push(float value) {
    m_values.push(value);
    include(m_values.size() - 1);
}

void MetricSeries::setLast(float value) {
    m_values[m_values.size() - 1] = value;
    include(m_values.size() - 1);
}

void MetricSeries::recompute(std::size_t level, std::size_t entry) {
    Extremes found;
    const std::size_t first = entry * kFan;
    const std::size_t below = level == 0 ? m_values.size() : m_levels[level - 1].size();
    for (std::size_t i = first; i < std::min(first + kFan, below); ++i) {
        if (level == 0)
            mergeValue(found, i);
        else
            found.merge(m_levels[level - 1][i]);
    }
    m_levels[level][entry] = found;
}

void MetricSeries::truncate(std::size_t size) {
    if (size >= m_values.size()) return;
    m_values.truncate(size);
    std::size_t below = size;
    for (std::size_t level = 0; level < m_levels.size(); ++level) {
        const std::size_t entries = (below + kFan - 1) / kFan;
        m_levels[level].truncate(entries);
        if (entries > 0) recompute(level, entries - 1);
        below = entries;
    }
}

MetricSeries::Extremes MetricSeries::extremes(std::size_t begin, std::size_t end) const {
    Extremes found;
    end = std::min(end, m_values.size());
    for (std::size_t i = begin; i < end;) {
        // The highest level that has an entry which begins here and does not reach beyond the end.
        std::size_t shift = 0;
        std::size_t levels = 0;
        while (levels < m_levels.size()) {
            const std::size_t span = std::size_t(1) << (shift + kFanShift);
            if ((i & (span - 1)) != 0 || i + span > end) break;
            shift += kFanShift;
            ++levels;
        }
        if (levels == 0)
            mergeValue(found, i);
        else
            found.merge(m_levels[levels - 1][i >> shift]);
        i += std::size_t(1) << shift;
    }
    return found;
}

std::size_t MetricSeries::firstKnownFrom(std::size_t begin) const {
    std::size_t low = begin;
    std::size_t high = m_values.size();
    if (extremes(low, high).isEmpty()) return m_values.size();
    while (high - low > 1) {
        const std::size_t middle = low + (high - low) / 2;
        if (extremes(low, middle).isEmpty())
            low = middle;
        else
            high = middle;
    }
    return low;
}

std::size_t MetricSeries::lastKnownBefore(std::size_t end) const {
    std::size_t low = 0;
    std::size_t high = std::min(end, m_values.size());
    if (extremes(low, high).isEmpty()) return m_values.size();
    while (high - low > 1) {
        const std::size_t middle = low + (high - low) / 2;
        if (extremes(middle, high).isEmpty())
            high = middle;
        else
            low = middle;
    }
    return low;
}

std::size_t MetricSeries::bytes() const {
    std::size_t sum = m_values.bytes();
    for (const auto& level : m_levels)
        sum += level.bytes();
    return sum;
}

} // namespace llamahome::managers
