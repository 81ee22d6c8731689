// HomeStyle: Fusion with flat, clearly framed controls, so that every theme has visible edges and focus. GUI
// thread.
#pragma once

#include <QIcon>
#include <QProxyStyle>

namespace llamahome::widgets::look {

/// Takes every colour from the palette: Mid is the frame, Link the accent.
class HomeStyle final : public QProxyStyle {
    Q_OBJECT

public:
    HomeStyle();

    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override;
    void drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override;
    void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                            const QWidget* widget) const override;
    /// Message boxes have the icons of the set.
    QIcon standardIcon(StandardPixmap which, const QStyleOption* option,
                       const QWidget* widget) const override;
    /// Standard buttons of dialogs stand without the icons of Qt or of the desktop.
    int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                  QStyleHintReturn* more) const override;
    int pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override;
    QSize sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                           const QWidget* widget) const override;
};

} // namespace llamahome::widgets::look
