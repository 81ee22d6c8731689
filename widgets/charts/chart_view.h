// ChartView: a chart's view that tells what the mouse wants in steps. GUI thread.
#pragma once

#include <optional>

#include <QtCharts/QChartView>

namespace llamahome::widgets {

class ChartView final : public QChartView {
    Q_OBJECT

public:
    /// Takes the chart over.
    explicit ChartView(QChart* chart, QWidget* parent = nullptr);

    /// The line at the step that is read; nothing: none.
    void setCursor(std::optional<double> x, const QColor& color);

Q_SIGNALS:
    /// In the chart's own units along the steps.
    void zoomWanted(double factor, double aroundStep);
    void moveWanted(double steps);
    void resetWanted();
    void hovered(double step);
    void left();

protected:
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void drawForeground(QPainter* painter, const QRectF& area) override;

private:
    double stepAt(const QPointF& position) const;

    std::optional<QPointF> m_dragFrom;
    std::optional<double> m_cursor;
    QColor m_cursorColor;
};

} // namespace llamahome::widgets
