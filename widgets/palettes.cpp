#include "widgets/palettes.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace llamahome::widgets::look {
namespace {

double linear(double channel) {
    return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

double luminance(const QColor& color) {
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
}

QColor mixed(const QColor& from, const QColor& to, double share) {
    const auto mix = [share](float a, float b) { return static_cast<float>(a + (b - a) * share); };
    return QColor::fromRgbF(mix(from.redF(), to.redF()), mix(from.greenF(), to.greenF()),
                            mix(from.blueF(), to.blueF()));
}

bool standsOut(const QColor& color, const QList<QColor>& grounds) {
    return std::all_of(grounds.begin(), grounds.end(),
                       [&](const QColor& ground) { return contrast(color, ground) >= kLeastContrast; });
}

Colors lightColors() {
    Colors colors;
    colors.window = QColor(0xf3, 0xf3, 0xf5);
    colors.base = QColor(0xff, 0xff, 0xff);
    colors.alternateBase = QColor(0xf8, 0xf8, 0xfa);
    colors.button = QColor(0xfb, 0xfb, 0xfc);
    colors.text = QColor(0x1d, 0x1e, 0x24);
    colors.quiet = QColor(0x58, 0x5c, 0x69);
    colors.disabled = QColor(0x69, 0x6d, 0x79);
    colors.accent = QColor(0x3b, 0x52, 0xc4);
    colors.onAccent = QColor(0xff, 0xff, 0xff);
    colors.good = QColor(0x1c, 0x6e, 0x3d);
    colors.warning = QColor(0x8a, 0x54, 0x00);
    colors.bad = QColor(0xb4, 0x23, 0x2b);
    colors.line = QColor(0xc4, 0xc6, 0xce);
    return colors;
}

Colors darkColors() {
    Colors colors;
    colors.window = QColor(0x22, 0x23, 0x28);
    colors.base = QColor(0x19, 0x1a, 0x1e);
    colors.alternateBase = QColor(0x1f, 0x20, 0x25);
    colors.button = QColor(0x31, 0x33, 0x3a);
    colors.text = QColor(0xec, 0xed, 0xf1);
    colors.quiet = QColor(0xa9, 0xad, 0xb9);
    colors.disabled = QColor(0x97, 0x9b, 0xa7);
    colors.accent = QColor(0x9a, 0xab, 0xfa);
    colors.onAccent = QColor(0x12, 0x16, 0x2b);
    colors.good = QColor(0x7c, 0xce, 0x94);
    colors.warning = QColor(0xe9, 0xb8, 0x62);
    colors.bad = QColor(0xf4, 0x98, 0x93);
    colors.line = QColor(0x4b, 0x4e, 0x58);
    colors.isDark = true;
    return colors;
}

Colors highContrastColors() {
    Colors colors;
    colors.window = colors.base = colors.alternateBase = colors.button = QColor(Qt::black);
    colors.text = QColor(Qt::white);
    colors.quiet = QColor(0xe0, 0xe0, 0xe0);
    colors.disabled = QColor(0xa8, 0xa8, 0xa8);
    colors.accent = QColor(0xff, 0xe0, 0x3d);
    colors.onAccent = QColor(Qt::black);
    colors.good = QColor(0x6d, 0xff, 0x8f);
    colors.warning = QColor(0xff, 0xb8, 0x4d);
    colors.bad = QColor(0xff, 0x9a, 0x94);
    colors.line = QColor(Qt::white);
    colors.isDark = true;
    return colors;
}

} // namespace

double contrast(const QColor& a, const QColor& b) {
    const double first = luminance(a);
    const double second = luminance(b);
    return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

QColor readable(const QColor& color, const QList<QColor>& grounds) {
    const QColor opaque = color.toRgb();
    const auto least = [&](const QColor& candidate) {
        double worst = 21.0;
        for (const QColor& ground : grounds)
            worst = std::min(worst, contrast(candidate, ground));
        return worst;
    };
    const QColor end = least(Qt::white) > least(Qt::black) ? QColor(Qt::white) : QColor(Qt::black);
    constexpr int kSteps = 20;
    for (int step = 0; step < kSteps; ++step) {
        const QColor candidate = mixed(opaque, end, static_cast<double>(step) / kSteps);
        if (standsOut(candidate, grounds)) return candidate;
    }
    return end;
}

Colors colorsOf(Theme theme) {
    switch (theme) {
    case Theme::Dark:
        return darkColors();
    case Theme::HighContrast:
        return highContrastColors();
    case Theme::System:
    case Theme::Light:
        break;
    }
    return lightColors();
}

Colors colorsOf(const QPalette& platform) {
    const auto of = [&](QPalette::ColorRole role) { return platform.color(QPalette::Active, role); };
    const bool isDark = luminance(of(QPalette::Window)) < luminance(of(QPalette::WindowText));
    Colors colors = isDark ? darkColors() : lightColors();
    colors.window = of(QPalette::Window).toRgb();
    colors.base = of(QPalette::Base).toRgb();
    colors.alternateBase = of(QPalette::AlternateBase).toRgb();
    colors.button = of(QPalette::Button).toRgb();
    const QList<QColor> grounds{colors.window, colors.base, colors.alternateBase, colors.button};
    colors.text = readable(of(QPalette::WindowText), grounds);
    for (QColor* color :
         {&colors.quiet, &colors.disabled, &colors.accent, &colors.good, &colors.warning, &colors.bad})
        *color = readable(*color, grounds);
    colors.onAccent = readable(colors.onAccent, {colors.accent});
    colors.line = mixed(colors.window, colors.text, 0.25);
    return colors;
}

QPalette paletteOf(const Colors& colors) {
    QPalette palette(colors.button, colors.window);
    const auto set = [&](QPalette::ColorRole role, const QColor& color) { palette.setColor(role, color); };
    set(QPalette::Window, colors.window);
    set(QPalette::Base, colors.base);
    set(QPalette::AlternateBase, colors.alternateBase);
    set(QPalette::Button, colors.button);
    set(QPalette::ToolTipBase, colors.base);
    for (const auto role :
         {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::ToolTipText})
        set(role, colors.text);
    set(QPalette::PlaceholderText, colors.quiet);
    set(QPalette::Highlight, colors.accent);
    set(QPalette::HighlightedText, colors.onAccent);
    set(QPalette::BrightText, colors.onAccent);
    set(QPalette::Link, colors.accent);
    set(QPalette::LinkVisited, colors.accent);
    set(QPalette::Mid, colors.line);
    set(QPalette::Midlight, mixed(colors.line, colors.window, 0.5));
    set(QPalette::Dark, mixed(colors.line, colors.text, 0.4));
    set(QPalette::Light, colors.base);
    set(QPalette::Shadow, mixed(colors.text, QColor(Qt::black), 0.5));
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, colors.disabled);
    palette.setColor(QPalette::Disabled, QPalette::PlaceholderText, colors.disabled);
    palette.setColor(QPalette::Disabled, QPalette::Highlight, colors.line);
    palette.setColor(QPalette::Disabled, QPalette::HighlightedText, readable(colors.text, {colors.line}));
    return palette;
}

} // namespace llamahome::widgets::look
