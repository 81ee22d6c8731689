#include "jobs/report/svg_chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/quantity.h"
#include "jobs/report/html_page.h"

namespace llamahome::jobs {
namespace {

constexpr double kWidth = 860.0;
constexpr double kHeight = 300.0;
constexpr double kLeft = 64.0;
constexpr double kRight = 12.0;
constexpr double kTop = 34.0;
constexpr double kBottom = 34.0;
constexpr int kTicks = 5;

struct Range {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();

    void take(double value) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
    /// Never of no width.
    void widen() {
        if (high > low) return;
        const double margin = std::max(std::abs(low) * 0.1, 1e-9);
        low -= margin;
        high += margin;
    }
    double at(double part) const { return low + part * (high - low); }
};

/// Least and greatest of each stretch, in order.
std::vector<SvgPoint> thinned(const std::vector<SvgPoint>& points) {
    if (points.size() <= kMostSvgPoints) return points;
    const std::size_t stretches = kMostSvgPoints / 2;
    const auto byValue = [](const SvgPoint& a, const SvgPoint& b) { return a.y < b.y; };
    std::vector<SvgPoint> kept;
    for (std::size_t i = 0; i < stretches; ++i) {
        const auto begin = points.begin() + static_cast<std::ptrdiff_t>(points.size() * i / stretches);
        const auto end = points.begin() + static_cast<std::ptrdiff_t>(points.size() * (i + 1) / stretches);
        const auto [least, greatest] = std::minmax_element(begin, end, byValue);
        kept.push_back(*std::min(least, greatest));
        if (least != greatest) kept.push_back(*std::max(least, greatest));
    }
    return kept;
}

/// With one digit after the point, whatever the locale.
std::string pixel(double value) {
    const long tenths = std::lround(value * 10.0);
    const long whole = std::abs(tenths);
    return (tenths < 0 ? "-" : "") + std::to_string(whole / 10) + "." + std::to_string(whole % 10);
}

class Drawing {
public:
    Drawing(std::string_view title, const std::vector<SvgLine>& lines)
        : m_title(title)
        , m_lines(lines) {
        for (const SvgLine& line : lines)
            for (const SvgPoint& point : line.points) {
                m_x.take(point.x);
                m_y.take(point.y);
            }
        m_x.widen();
        m_y.widen();
    }

    std::string svg() {
        m_svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 " + pixel(kWidth) +
                " " + pixel(kHeight) + "\"><title>" + htmlText(m_title) + "</title>\n";
        drawAxes();
        double legendAt = kLeft;
        for (const SvgLine& line : m_lines) {
            drawLine(line);
            drawLegend(line, legendAt);
        }
        return m_svg + "</svg>\n";
    }

private:
    double xOf(double value) const {
        return kLeft + (value - m_x.low) / (m_x.high - m_x.low) * (kWidth - kLeft - kRight);
    }
    double yOf(double value) const {
        return kHeight - kBottom - (value - m_y.low) / (m_y.high - m_y.low) * (kHeight - kTop - kBottom);
    }

    void text(double x, double y, std::string_view anchor, std::string_view words) {
        m_svg += "<text x=\"" + pixel(x) + "\" y=\"" + pixel(y) + "\" text-anchor=\"" + std::string(anchor) +
                 "\">" + htmlText(words) + "</text>\n";
    }

    void drawAxes() {
        double lastStep = std::numeric_limits<double>::quiet_NaN();
        for (int i = 0; i < kTicks; ++i) {
            const double part = static_cast<double>(i) / (kTicks - 1);
            const double y = yOf(m_y.at(part));
            m_svg += "<line x1=\"" + pixel(kLeft) + "\" x2=\"" + pixel(kWidth - kRight) + "\" y1=\"" +
                     pixel(y) + "\" y2=\"" + pixel(y) + "\" stroke=\"#8884\"/>\n";
            text(kLeft - 8.0, y + 4.0, "end", formatNumber(m_y.at(part), 3));
            const double step = std::clamp(std::round(m_x.at(part)), m_x.low, m_x.high);
            if (step == lastStep) continue;
            lastStep = step;
            text(xOf(step), kHeight - 12.0, i == kTicks - 1 ? "end" : "middle", formatNumber(step, 7));
        }
    }

    void drawLine(const SvgLine& line) {
        const std::vector<SvgPoint> points = thinned(line.points);
        const std::string color(line.color);
        m_svg += "<polyline fill=\"none\" stroke=\"" + color + "\" stroke-width=\"" + pixel(line.width) +
                 "\" points=\"";
        for (const SvgPoint& point : points)
            m_svg += pixel(xOf(point.x)) + "," + pixel(yOf(point.y)) + " ";
        m_svg += "\"/>\n";
        if (!line.hasDots && points.size() > 1) return;
        for (const SvgPoint& point : points)
            m_svg += "<circle cx=\"" + pixel(xOf(point.x)) + "\" cy=\"" + pixel(yOf(point.y)) +
                     "\" r=\"3.5\" fill=\"" + color + "\"/>\n";
    }

    void drawLegend(const SvgLine& line, double& at) {
        constexpr double kMark = 22.0;
        constexpr double kLetter = 7.5; // wide enough for any usual font of this size
        m_svg += "<line x1=\"" + pixel(at) + "\" x2=\"" + pixel(at + kMark) +
                 "\" y1=\"14\" y2=\"14\" stroke=\"" + std::string(line.color) + "\" stroke-width=\"3\"/>\n";
        text(at + kMark + 6.0, 18.0, "start", line.name);
        at += kMark + 28.0 + kLetter * static_cast<double>(line.name.size());
    }

    std::string_view m_title;
    const std::vector<SvgLine>& m_lines;
    Range m_x;
    Range m_y;
    std::string m_svg;
};

} // namespace

std::string svgChart(std::string_view title, std::vector<SvgLine> lines) {
    for (SvgLine& line : lines)
        std::erase_if(line.points, [](const SvgPoint& point) {
            return !std::isfinite(point.x) || !std::isfinite(point.y);
        });
    std::erase_if(lines, [](const SvgLine& line) { return line.points.empty(); });
    return lines.empty() ? std::string() : Drawing(title, lines).svg();
}

} // namespace llamahome::jobs
