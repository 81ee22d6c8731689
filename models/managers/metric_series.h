// MetricSeries: a long column of numbers that can tell the extremes of any stretch at once. A value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace llamahome::managers {

/// Grows by chunks, so that growing copies nothing and wastes at most one chunk.
template <typename T>
class ChunkedColumn {
public:
    static constexpr std::size_t kChunk = 1024;

    std::size_t size() const { return m_size; }
    const T& operator[](std::size_t i) const { return m_chunks[i / kChunk][i % kChunk]; }
    T& operator[](std::size_t i) { return m_chunks[i / kChunk][i % kChunk]; }
    void push(T value) {
        if (m_size % kChunk == 0) {
            m_chunks.emplace_back();
            m_chunks.back().resize(kChunk);
        }
        (*this)[m_size++] = value;
    }
    void truncate(std::size_t size) {
        if (size >= m_size) return;
        m_chunks.resize((size + kChunk - 1) / kChunk);
        m_size = size;
    }
    std::size_t bytes() const {
        return m_chunks.size() * kChunk * sizeof(T) + m_chunks.capacity() * sizeof(std::vector<T>);
    }

private:
    std::vector<std::vector<T>> m_chunks;
    std::size_t m_size = 0;
};

/// Numbers that are not finite count as not known.
class MetricSeries {
public:
    static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

    /// The least and the greatest known value of a stretch and where they stand; kNone where none is known.
    struct Extremes {
        float minimum = 0.0F;
        float maximum = 0.0F;
        std::uint32_t least = kNone;
        std::uint32_t greatest = kNone;

        bool isEmpty() const { return least == kNone; }
        void merge(const Extremes& other);
    };

    std::size_t size() const { return m_values.size(); }
    float operator[](std::size_t i) const { return m_values[i]; }
    void push(float value);
    /// Gives the last value, which was not known so far.
    void setLast(float value);
    void truncate(std::size_t size);
    /// Of the values from `begin` to before `end`.
    Extremes extremes(std::size_t begin, std::size_t end) const;
    /// The nearest known value before `end`, or from `begin` on; size() where there is none.
    std::size_t lastKnownBefore(std::size_t end) const;
    std::size_t firstKnownFrom(std::size_t begin) const;
    std::size_t bytes() const;

private:
    static constexpr std::size_t kFanShift = 4;
    static constexpr std::size_t kFan = std::size_t(1) << kFanShift; ///< entries below that one sums up

    void include(std::size_t i);
    void mergeValue(Extremes& into, std::size_t i) const;
    /// The entry again from what lies below it.
    void recompute(std::size_t level, std::size_t entry);

    ChunkedColumn<float> m_values;
    std::vector<ChunkedColumn<Extremes>> m_levels; ///< level k sums up kFan^(k+1) values an entry
};

} // namespace llamahome::managers
