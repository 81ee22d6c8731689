#include "widgets/charts/chart_ticks.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace llamahome::widgets {

std::vector<double> linearTicks(double low, double high, int most, bool whole) {
    std::vector<double> ticks;
    if (!(high > low) || most < 1) return ticks;
    const double least = (high - low) / most;
    const double power = std::pow(10.0, std::floor(std::log10(least)));
    double width = 10.0 * power;
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= least) {
            width = factor * power;
            break;
        }
    if (whole) width = std::max(1.0, width);
    const double first = std::ceil(low / width - 1e-9);
    for (double i = first; i * width <= high + 1e-9 * width; ++i)
        ticks.push_back(i * width);
    return ticks;
}

std::vector<double> logarithmicTicks(double low, double high, int most) {
    std::vector<double> ticks;
    if (!(low > 0.0) || !(high > low)) return ticks;
    // Within a decade or so, round numbers of the linear kind read better than 1, 2, 5.
    if (high / low < 8.0) {
        ticks = linearTicks(low, high, most, false);
        std::erase_if(ticks, [](double tick) { return tick <= 0.0; });
        return ticks;
    }
    const int first = static_cast<int>(std::floor(std::log10(low)));
    const int last = static_cast<int>(std::ceil(std::log10(high)));
    const bool hasRoom = (last - first) * 3 <= 2 * most;
    const int stride = std::max(1, (last - first + most - 1) / std::max(1, most));
    for (int exponent = first; exponent <= last; exponent += stride)
        for (const double factor : {1.0, 2.0, 5.0}) {
            if (factor > 1.0 && !hasRoom) continue;
            const double tick = factor * std::pow(10.0, exponent);
            if (tick >= low && tick <= high) ticks.push_back(tick);
        }
    return ticks;
}

} // namespace llamahome::widgets
