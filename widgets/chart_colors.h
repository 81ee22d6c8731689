// The colours of every chart, from the theme. GUI thread.
#pragma once

#include "widgets/charts/metric_chart.h"

class QPalette;

namespace llamahome::widgets {

ChartColors chartColors(const QPalette& palette);

} // namespace llamahome::widgets
