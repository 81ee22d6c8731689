// Values for the tests of kernels: drawn, rounded to an element type, and compared with formulas in double.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include <QtTest>

#include "core/philox.h"
#include "formats/half.h"
#include "llama/kernels/cpu_level.h"
#include "llama/kernels/kernel_types.h"

namespace llamahome::engine {

using Values = std::vector<double>;

/// Numbers in ±spread; the same for the same seed.
inline Values draw(std::size_t count, std::uint64_t seed, double spread = 2.0) {
    PhiloxStream stream(seed, 0);
    Values values(count);
    for (double& value : values)
        value = spread * (2.0 * static_cast<double>(stream.nextUniform()) - 1.0);
    return values;
}

template <typename T>
T stored(double value);
template <>
inline float stored<float>(double value) {
    return static_cast<float>(value);
}
template <>
inline Bfloat16 stored<Bfloat16>(double value) {
    return {formats::floatToBfloat16(static_cast<float>(value))};
}

inline double read(float value) {
    return static_cast<double>(value);
}
inline double read(Bfloat16 value) {
    return static_cast<double>(formats::bfloat16ToFloat(value.bits));
}

/// Elements of T, and what they are worth after rounding.
template <typename T>
struct Buffer {
    std::vector<T> elements;

    Buffer() = default;
    explicit Buffer(const Values& values) {
        for (const double value : values)
            elements.push_back(stored<T>(value));
    }
    explicit Buffer(std::size_t count)
        : elements(count, stored<T>(std::numeric_limits<double>::quiet_NaN())) {}
    T* data() { return elements.data(); }
    Values values() const {
        Values result;
        for (const T element : elements)
            result.push_back(read(element));
        return result;
    }
};

/// One step of T's mantissa, with room for the fp32 arithmetic before it.
template <typename T>
constexpr double kStep = sizeof(T) == 2 ? 1.0 / 128.0 : 4e-6;

/// The first element that is further off than `steps` of the largest magnitude or of its own; empty: none.
template <typename T>
QByteArray difference(const Values& found, const Values& expected, double floor = 1e-6) {
    if (found.size() != expected.size()) return "sizes differ";
    for (std::size_t i = 0; i < found.size(); ++i) {
        const double allowed = kStep<T> * std::abs(expected[i]) + floor;
        if (!(std::abs(found[i] - expected[i]) <= allowed))
            return QByteArray::number(static_cast<qlonglong>(i)) + ": " + QByteArray::number(found[i]) +
                   " for " + QByteArray::number(expected[i]);
    }
    return {};
}

/// A row of test data for each instruction set that this machine can run.
inline void addLevels() {
    QTest::addColumn<int>("level");
    for (const CpuLevel level : cpuLevels())
        QTest::newRow(std::string(cpuLevelName(level)).c_str()) << static_cast<int>(level);
}

} // namespace llamahome::engine
