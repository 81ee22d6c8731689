// svgChart: lines over steps as inline SVG, with axes. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llamahome::jobs {

struct SvgPoint {
    double x = 0.0;
    double y = 0.0;
};

struct SvgLine {
    std::string name;       ///< for the legend
    std::string_view color; ///< a CSS colour, the program's own
    double width = 1.5;
    bool hasDots = false;              ///< a dot at each point
    std::vector<SvgPoint> points = {}; ///< x rises; values that are no numbers are left out
};

/// Points of one line that a chart draws at most: of more, the least and the greatest of each stretch stay.
inline constexpr std::size_t kMostSvgPoints = 1'200;

/// Empty where no line has a point. `title` is read out in place of the picture.
std::string svgChart(std::string_view title, std::vector<SvgLine> lines);

} // namespace llamahome::jobs
