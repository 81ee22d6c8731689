// The palettes of the themes and the arithmetic of contrast. Any thread; values only.
#pragma once

#include <QColor>
#include <QPalette>

#include "widgets/look.h"

namespace llamahome::widgets::look {

inline constexpr double kLeastContrast = 4.5;

/// WCAG 2: (lighter + 0.05) / (darker + 0.05) of the relative luminances, 1 to 21. Alpha is not looked at.
double contrast(const QColor& a, const QColor& b);

/// `color`, moved towards black or white until it stands out from every one of `grounds` by kLeastContrast.
/// Hue stays where it can.
QColor readable(const QColor& color, const QList<QColor>& grounds);

/// The colours of a theme before they are a palette.
struct Colors {
    QColor window, base, alternateBase, button;
    QColor text, quiet, disabled;
    QColor accent, onAccent;
    QColor good, warning, bad;
    QColor line; ///< frames
    bool isDark = false;
};

/// Not for Theme::System.
Colors colorsOf(Theme theme);
/// Colours that fit a palette which the platform made; its own text and grounds, made readable.
Colors colorsOf(const QPalette& platform);

/// BrightText is the text on the accent; PlaceholderText is the quiet text of notes; Link is the accent; Mid
/// is the colour of frames, Dark that of the edges of what can be used.
QPalette paletteOf(const Colors& colors);

} // namespace llamahome::widgets::look
