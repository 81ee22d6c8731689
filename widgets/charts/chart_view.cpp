#include "widgets/charts/chart_view.h"

#include <cmath>

#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>
#include <QtCharts/QChart>

namespace llamahome::widgets {
namespace {

constexpr double kZoomPerNotch = 0.8; ///< of the range that stays
constexpr double kNotch = 120.0;      ///< eighths of a degree

} // namespace

ChartView::ChartView(QChart* chart, QWidget* parent)
    : QChartView(chart, parent) {
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::NoFocus);
    setMouseTracking(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
}

double ChartView::stepAt(const QPointF& position) const {
    return chart()->mapToValue(mapToScene(position.toPoint())).x();
}

void ChartView::setCursor(std::optional<double> x, const QColor& color) {
    if (m_cursor == x) return;
    m_cursor = x;
    m_cursorColor = color;
    viewport()->update();
}

void ChartView::wheelEvent(QWheelEvent* event) {
    const double notches = event->angleDelta().y() / kNotch;
    if (notches == 0.0) return;
    event->accept();
    Q_EMIT zoomWanted(std::pow(kZoomPerNotch, notches), stepAt(event->position()));
}

void ChartView::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    m_dragFrom = event->position();
    event->accept();
}

void ChartView::mouseMoveEvent(QMouseEvent* event) {
    if (m_dragFrom) {
        const double moved = stepAt(*m_dragFrom) - stepAt(event->position());
        m_dragFrom = event->position();
        Q_EMIT moveWanted(moved);
        return;
    }
    if (chart()->plotArea().contains(mapToScene(event->position().toPoint())))
        Q_EMIT hovered(stepAt(event->position()));
    else
        Q_EMIT left();
}

void ChartView::mouseReleaseEvent(QMouseEvent*) {
    m_dragFrom.reset();
}

void ChartView::mouseDoubleClickEvent(QMouseEvent* event) {
    m_dragFrom.reset();
    event->accept();
    Q_EMIT resetWanted();
}

void ChartView::leaveEvent(QEvent* event) {
    m_dragFrom.reset();
    Q_EMIT left();
    QChartView::leaveEvent(event);
}

void ChartView::drawForeground(QPainter* painter, const QRectF&) {
    if (!m_cursor) return;
    const QRectF plot = chart()->plotArea();
    const double x = chart()->mapToPosition(QPointF(*m_cursor, 0.0)).x();
    if (x < plot.left() || x > plot.right()) return;
    painter->setPen(QPen(m_cursorColor, 1.0, Qt::DashLine));
    painter->drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()));
}

} // namespace llamahome::widgets
