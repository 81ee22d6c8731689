#include "widgets/charts/chart_marker.h"

#include <cmath>
#include <numbers>

#include <QPolygonF>

namespace llamahome::widgets {

QPainterPath markerPath(ChartMarker marker, const QPointF& center, double radius) {
    QPainterPath path;
    switch (marker) {
    case ChartMarker::None:
        break;
    case ChartMarker::Circle:
        path.addEllipse(center, radius, radius);
        break;
    case ChartMarker::Square:
        path.addRect(center.x() - radius, center.y() - radius, 2 * radius, 2 * radius);
        break;
    case ChartMarker::Triangle:
        path.addPolygon(QPolygonF({QPointF(center.x(), center.y() - radius),
                                   QPointF(center.x() + radius, center.y() + radius),
                                   QPointF(center.x() - radius, center.y() + radius)}));
        path.closeSubpath();
        break;
    }
    return path;
}

QPainterPath starPath(const QPointF& center, double radius) {
    constexpr int kPoints = 5;
    constexpr double kInner = 0.45;
    QPolygonF outline;
    for (int i = 0; i < 2 * kPoints; ++i) {
        const double angle = std::numbers::pi * (static_cast<double>(i) / kPoints - 0.5);
        const double reach = i % 2 == 0 ? radius : kInner * radius;
        outline << QPointF(center.x() + reach * std::cos(angle), center.y() + reach * std::sin(angle));
    }
    QPainterPath path;
    path.addPolygon(outline);
    path.closeSubpath();
    return path;
}

} // namespace llamahome::widgets
