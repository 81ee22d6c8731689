#include "widgets/chart_colors.h"

#include <QPalette>

#include "widgets/look.h"

namespace llamahome::widgets {

ChartColors chartColors(const QPalette& palette) {
    ChartColors colors;
    colors.background = palette.color(QPalette::Base);
    colors.text = palette.color(QPalette::Text);
    colors.quiet = look::color(look::Tone::Quiet);
    colors.grid = palette.color(QPalette::Mid);
    colors.grid.setAlphaF(0.4F);
    colors.best = look::color(look::Tone::Good);
    return colors;
}

} // namespace llamahome::widgets
