// The shapes that tell lines apart, for the legend. GUI thread.
#pragma once

#include <QPainterPath>
#include <QPointF>

#include "widgets/charts/metric_chart.h"

namespace llamahome::widgets {

/// `radius` from the centre to the outline.
QPainterPath markerPath(ChartMarker marker, const QPointF& center, double radius);
/// A star of five points.
QPainterPath starPath(const QPointF& center, double radius);

} // namespace llamahome::widgets
