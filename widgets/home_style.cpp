#include "widgets/home_style.h"

#include <algorithm>

#include <QPainter>
#include <QStyleFactory>
#include <QStyleOption>
#include <QWidget>

#include "widgets/icons.h"

namespace llamahome::widgets::look {
namespace {

constexpr qreal kRadius = 4.0;
constexpr int kLeastHeight = 30; ///< of buttons and fields, in pixels
constexpr int kTextRoom = 12;    ///< above and below their text, together
constexpr int kCellMargin = 6;   ///< beside the text of headers and cells
constexpr int kScrollBarWidth = 12;

bool has(const QStyleOption& option, QStyle::StateFlag flag) {
    return option.state.testFlag(flag);
}

QColor mixed(const QColor& a, const QColor& b, double share) {
    const auto part = [share](float x, float y) { return static_cast<float>(x + (y - x) * share); };
    return QColor::fromRgbF(part(a.redF(), b.redF()), part(a.greenF(), b.greenF()),
                            part(a.blueF(), b.blueF()));
}

/// The accent ring of what has the focus, else the frame.
QPen edge(const QStyleOption& option, bool isFocused) {
    const QPalette& palette = option.palette;
    if (isFocused && has(option, QStyle::State_Enabled)) return QPen(palette.color(QPalette::Link), 2.0);
    return QPen(palette.color(has(option, QStyle::State_Enabled) ? QPalette::Dark : QPalette::Mid), 1.0);
}

void drawBox(QPainter& painter, const QRect& rect, const QPen& pen, const QBrush& fill) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const qreal inset = pen.widthF() / 2.0;
    painter.setPen(pen);
    painter.setBrush(fill);
    painter.drawRoundedRect(QRectF(rect).adjusted(inset, inset, -inset, -inset), kRadius, kRadius);
    painter.restore();
}

/// Hover and press move the ground towards the text.
QColor buttonGround(const QStyleOption& option) {
    const QColor ground = option.palette.color(QPalette::Button);
    const QColor ink = option.palette.color(QPalette::ButtonText);
    if (!has(option, QStyle::State_Enabled)) return option.palette.color(QPalette::Window);
    if (has(option, QStyle::State_Sunken) || has(option, QStyle::State_On)) return mixed(ground, ink, 0.16);
    return has(option, QStyle::State_MouseOver) ? mixed(ground, ink, 0.07) : ground;
}

void drawButtonPanel(const QStyleOption& option, QPainter& painter) {
    drawBox(painter, option.rect, edge(option, has(option, QStyle::State_HasFocus)), buttonGround(option));
}

void drawToolPanel(const QStyleOption& option, QPainter& painter) {
    if (!has(option, QStyle::State_AutoRaise)) {
        drawButtonPanel(option, painter);
        return;
    }
    const bool isFlat = !has(option, QStyle::State_MouseOver) && !has(option, QStyle::State_Sunken) &&
                        !has(option, QStyle::State_On);
    if (!isFlat) drawBox(painter, option.rect, QPen(Qt::NoPen), buttonGround(option));
}

void drawCheck(const QStyleOption& option, QPainter& painter) {
    const bool isOn = has(option, QStyle::State_On) || has(option, QStyle::State_NoChange);
    const bool isEnabled = has(option, QStyle::State_Enabled);
    const QColor accent = option.palette.color(isEnabled ? QPalette::Link : QPalette::Mid);
    drawBox(painter, option.rect, isOn ? QPen(accent, 1.0) : edge(option, false),
            isOn ? accent : option.palette.color(QPalette::Base));
    if (!isOn) return;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(option.palette.color(isEnabled ? QPalette::BrightText : QPalette::Text), 2.0,
                        Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    const QRectF box(option.rect);
    const auto at = [&](qreal x, qreal y) {
        return QPointF(box.x() + box.width() * x, box.y() + box.height() * y);
    };
    if (has(option, QStyle::State_NoChange))
        painter.drawLine(at(0.28, 0.5), at(0.72, 0.5));
    else
        painter.drawPolyline(QPolygonF{at(0.25, 0.52), at(0.43, 0.7), at(0.76, 0.31)});
    painter.restore();
}

void drawRadio(const QStyleOption& option, QPainter& painter) {
    const bool isOn = has(option, QStyle::State_On);
    const bool isEnabled = has(option, QStyle::State_Enabled);
    const QColor accent = option.palette.color(isEnabled ? QPalette::Link : QPalette::Mid);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF circle = QRectF(option.rect).adjusted(1, 1, -1, -1);
    painter.setPen(isOn ? QPen(accent, 1.0) : edge(option, false));
    painter.setBrush(option.palette.color(QPalette::Base));
    painter.drawEllipse(circle);
    if (isOn) {
        const qreal inset = circle.width() * 0.25;
        painter.setPen(Qt::NoPen);
        painter.setBrush(accent);
        painter.drawEllipse(circle.adjusted(inset, inset, -inset, -inset));
    }
    painter.restore();
}

void drawArrow(QPainter& painter, const QRect& rect, const QColor& color, bool isUp) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(color, 1.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    const QPointF center = QRectF(rect).center();
    const qreal half = 3.5;
    const qreal rise = isUp ? -2.0 : 2.0;
    painter.drawPolyline(
        QPolygonF{center + QPointF(-half, -rise), center + QPointF(0, rise), center + QPointF(half, -rise)});
    painter.restore();
}

QColor arrowColor(const QStyleOption& option, bool isEnabled) {
    return option.palette.color(isEnabled ? QPalette::Active : QPalette::Disabled, QPalette::ButtonText);
}

void drawGroove(const QStyleOption& option, QPainter& painter) {
    drawBox(painter, option.rect, QPen(Qt::NoPen), option.palette.color(QPalette::Midlight));
}

void drawProgress(const QStyleOptionProgressBar& option, QPainter& painter) {
    const double range = std::max(1.0, static_cast<double>(option.maximum) - option.minimum);
    const double share = (static_cast<double>(option.progress) - option.minimum) / range;
    QRect bar = option.rect;
    const int width = static_cast<int>(bar.width() * std::clamp(share, 0.0, 1.0));
    if (width <= 0) return;
    if (option.direction == Qt::RightToLeft) bar.setLeft(bar.right() - width + 1);
    bar.setWidth(width);
    drawBox(painter, bar, QPen(Qt::NoPen), option.palette.color(QPalette::Link));
}

/// Flat; the chosen one stands on a line in the accent colour.
void drawTab(const QStyleOptionTab& tab, QPainter& painter) {
    const bool isChosen = has(tab, QStyle::State_Selected);
    if (!isChosen && !has(tab, QStyle::State_MouseOver)) return;
    constexpr int kThickness = 3;
    const QRect line(tab.rect.left() + kThickness, tab.rect.bottom() - kThickness,
                     tab.rect.width() - 2 * kThickness, kThickness);
    painter.fillRect(line, tab.palette.color(isChosen ? QPalette::Link : QPalette::Mid));
}

/// Names of models and adapters differ at their ends as often as at their beginnings.
QStyleOptionComboBox elided(const QStyleOptionComboBox& combo, const QStyle& style, const QWidget* widget) {
    constexpr int kMargins = 2; // as Fusion leaves beside text and icon
    const QRect field =
        style.subControlRect(QStyle::CC_ComboBox, &combo, QStyle::SC_ComboBoxEditField, widget);
    const int icon = combo.currentIcon.isNull() ? 0 : combo.iconSize.width() + 2 * kMargins;
    QStyleOptionComboBox shown = combo;
    shown.currentText =
        combo.fontMetrics.elidedText(combo.currentText, Qt::ElideMiddle, field.width() - kMargins - icon);
    return shown;
}

} // namespace

HomeStyle::HomeStyle()
    : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))) {}

void HomeStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                              const QWidget* widget) const {
    switch (element) {
    case PE_PanelButtonCommand:
        drawButtonPanel(*option, *painter);
        return;
    case PE_PanelButtonTool:
        drawToolPanel(*option, *painter);
        return;
    case PE_FrameLineEdit:
        drawBox(*painter, option->rect, edge(*option, has(*option, State_HasFocus)), Qt::NoBrush);
        return;
    case PE_Frame:
        drawBox(*painter, option->rect,
                has(*option, State_HasFocus) ? edge(*option, true)
                                             : QPen(option->palette.color(QPalette::Mid), 1.0),
                Qt::NoBrush);
        return;
    case PE_FrameGroupBox:
        drawBox(*painter, option->rect, QPen(option->palette.color(QPalette::Mid), 1.0), Qt::NoBrush);
        return;
    case PE_IndicatorCheckBox:
    case PE_IndicatorItemViewItemCheck:
        drawCheck(*option, *painter);
        return;
    case PE_IndicatorRadioButton:
        drawRadio(*option, *painter);
        return;
    case PE_FrameFocusRect:
        drawBox(*painter, option->rect, QPen(option->palette.color(QPalette::Link), 2.0), Qt::NoBrush);
        return;
    default:
        QProxyStyle::drawPrimitive(element, option, painter, widget);
    }
}

void HomeStyle::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                            const QWidget* widget) const {
    switch (element) {
    case CE_HeaderSection: {
        painter->fillRect(option->rect, option->palette.color(QPalette::Window));
        painter->setPen(option->palette.color(QPalette::Mid));
        const QRect& rect = option->rect;
        painter->drawLine(rect.bottomLeft(), rect.bottomRight());
        painter->drawLine(rect.topRight() + QPoint(0, 6), rect.bottomRight() - QPoint(0, 6));
        return;
    }
    case CE_HeaderEmptyArea:
        painter->fillRect(option->rect, option->palette.color(QPalette::Window));
        return;
    case CE_ProgressBarGroove:
        drawGroove(*option, *painter);
        return;
    case CE_ProgressBarContents:
        // Fusion animates a bar that knows no end.
        if (const auto* bar = qstyleoption_cast<const QStyleOptionProgressBar*>(option);
            bar != nullptr && bar->minimum != bar->maximum) {
            drawProgress(*bar, *painter);
            return;
        }
        break;
    case CE_ComboBoxLabel:
        if (const auto* combo = qstyleoption_cast<const QStyleOptionComboBox*>(option);
            combo != nullptr && !combo->editable) {
            const QStyleOptionComboBox shown = elided(*combo, *proxy(), widget);
            QProxyStyle::drawControl(element, &shown, painter, widget);
            return;
        }
        break;
    case CE_TabBarTabShape:
        if (const auto* tab = qstyleoption_cast<const QStyleOptionTab*>(option);
            tab != nullptr && tab->shape == QTabBar::RoundedNorth) {
            drawTab(*tab, *painter);
            return;
        }
        break;
    case CE_ScrollBarSlider: {
        const QColor ground = option->palette.color(QPalette::Window);
        const QColor ink = option->palette.color(QPalette::WindowText);
        const bool isHot = has(*option, State_MouseOver) || has(*option, State_Sunken);
        drawBox(*painter, option->rect.adjusted(2, 2, -2, -2), QPen(Qt::NoPen),
                mixed(ground, ink, isHot ? 0.55 : 0.38));
        return;
    }
    default:
        break;
    }
    QProxyStyle::drawControl(element, option, painter, widget);
}

void HomeStyle::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option,
                                   QPainter* painter, const QWidget* widget) const {
    if (const auto* combo = qstyleoption_cast<const QStyleOptionComboBox*>(option);
        control == CC_ComboBox && combo != nullptr) {
        const bool isFocused = has(*combo, State_HasFocus);
        const QColor ground = combo->editable ? combo->palette.color(QPalette::Base) : buttonGround(*combo);
        drawBox(*painter, combo->rect, edge(*combo, isFocused), ground);
        const QRect arrow = proxy()->subControlRect(control, combo, SC_ComboBoxArrow, widget);
        drawArrow(*painter, arrow, arrowColor(*combo, has(*combo, State_Enabled)), false);
        return;
    }
    if (const auto* spin = qstyleoption_cast<const QStyleOptionSpinBox*>(option);
        control == CC_SpinBox && spin != nullptr) {
        const bool isEnabled = has(*spin, State_Enabled);
        drawBox(*painter, spin->rect, edge(*spin, has(*spin, State_HasFocus)),
                spin->palette.color(QPalette::Base));
        if (spin->buttonSymbols == QAbstractSpinBox::NoButtons) return;
        const auto drawStep = [&](SubControl part, QAbstractSpinBox::StepEnabledFlag flag, bool isUp) {
            const bool isActive = isEnabled && spin->stepEnabled.testFlag(flag);
            drawArrow(*painter, proxy()->subControlRect(control, spin, part, widget),
                      arrowColor(*spin, isActive), isUp);
        };
        drawStep(SC_SpinBoxUp, QAbstractSpinBox::StepUpEnabled, true);
        drawStep(SC_SpinBoxDown, QAbstractSpinBox::StepDownEnabled, false);
        return;
    }
    if (const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option);
        control == CC_ScrollBar && bar != nullptr) {
        painter->fillRect(bar->rect, bar->palette.color(QPalette::Base));
        if (bar->minimum == bar->maximum) return;
        QStyleOptionSlider slider = *bar;
        slider.rect = proxy()->subControlRect(control, bar, SC_ScrollBarSlider, widget);
        if (!bar->activeSubControls.testFlag(SC_ScrollBarSlider)) slider.state &= ~State_MouseOver;
        proxy()->drawControl(CE_ScrollBarSlider, &slider, painter, widget);
        return;
    }
    QProxyStyle::drawComplexControl(control, option, painter, widget);
}

QIcon HomeStyle::standardIcon(StandardPixmap which, const QStyleOption* option, const QWidget* widget) const {
    switch (which) {
    case SP_MessageBoxInformation:
    case SP_MessageBoxQuestion:
        return icon(Icon::Info);
    case SP_MessageBoxWarning:
        return icon(Icon::Warning);
    case SP_MessageBoxCritical:
        return icon(Icon::Bad);
    default:
        return QProxyStyle::standardIcon(which, option, widget);
    }
}

int HomeStyle::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                         QStyleHintReturn* more) const {
    return hint == SH_DialogButtonBox_ButtonsHaveIcons ? 0
                                                       : QProxyStyle::styleHint(hint, option, widget, more);
}

int HomeStyle::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const {
    switch (metric) {
    case PM_ScrollBarExtent:
        return kScrollBarWidth;
    case PM_ButtonShiftHorizontal:
    case PM_ButtonShiftVertical:
        return 0;
    case PM_SplitterWidth:
        return 8;
    case PM_HeaderMargin:
    case PM_FocusFrameHMargin:
        return kCellMargin;
    default:
        return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

QSize HomeStyle::sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                                  const QWidget* widget) const {
    QSize wanted = QProxyStyle::sizeFromContents(type, option, size, widget);
    if (type == CT_PushButton || type == CT_LineEdit || type == CT_ComboBox || type == CT_SpinBox)
        wanted.setHeight(std::max(option->fontMetrics.height() + kTextRoom, kLeastHeight));
    if (type == CT_PushButton) wanted.rwidth() += 8;
    return wanted;
}

} // namespace llamahome::widgets::look
