// MetricChart: lines over the steps of a run, or of several, drawn from their stores. GUI thread.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <QColor>
#include <QPointer>
#include <QString>
#include <QTimer>
#include <QWidget>

#include "managers/metric_store.h"

class QChart;
class QLineSeries;
class QScatterSeries;
class QXYSeries;
class QCategoryAxis;

namespace llamahome::widgets {

class ChartLegend;
class ChartView;

/// Colours of everything but the lines; the owner hands them in again when the theme changes.
struct ChartColors {
    QColor background;
    QColor text;
    QColor quiet; ///< axis figures and frame
    QColor grid;
    QColor best; ///< the star
};

enum class ChartMarker { None, Circle, Square, Triangle };

/// How a line is told from the others: never by its colour alone.
struct ChartLine {
    QString name; ///< in the legend: "train"
    managers::Metric metric = managers::Metric::TrainLoss;
    QColor color;
    double width = 1.0;
    Qt::PenStyle dash = Qt::SolidLine; ///< NoPen: markers only
    ChartMarker marker = ChartMarker::None;
};

/// Redraws at most ten times a second, from as many points as there are pixels; a line of one point is a dot.
/// The wheel zooms, a drag moves, a double click resets; with the keyboard +, -, Left, Right and Home do.
/// Hovering, or Left and Right, reads the values of all lines at a step into the legend. Screen readers get
/// the newest values as the chart's description; the table has all of them.
class MetricChart final : public QWidget {
    Q_OBJECT

public:
    explicit MetricChart(QWidget* parent = nullptr);
    ~MetricChart() override;

    void setColors(const ChartColors& colors);
    /// How values are written, at the axis too; by default formatNumber(). `scale`: the axis has round
    /// numbers of value · scale, where the text has another unit than the value.
    void setValueText(std::function<QString(double)> text, double scale = 1.0);
    /// What stands along the axis of values: "Loss".
    void setValueTitle(const QString& title);
    /// `store` may be gone before the chart; its lines are then empty. Returns the number of the line.
    int addLine(managers::MetricStore& store, const ChartLine& line);
    void setLineColor(int line, const QColor& color);
    int lineCount() const { return static_cast<int>(m_lines.size()); }
    const ChartLine& lineAt(int line) const { return m_lines.at(static_cast<std::size_t>(line)).line; }
    /// Null where it is gone.
    managers::MetricStore* storeAt(int line) const {
        return m_lines.at(static_cast<std::size_t>(line)).store;
    }
    void clearLines();
    /// A star at the lowest evaluation of `store`, told in the legend as `text(best)`; null: none.
    void setBestOf(managers::MetricStore* store);
    /// Extra words at the end of the legend: "patience 1 of 3".
    void setNote(const QString& note);

    bool isLogarithmic() const { return m_isLogarithmic; }
    /// Values that are not above zero are left out of a logarithmic axis.
    void setLogarithmic(bool on);

    /// The steps that are shown.
    double from() const { return m_from; }
    double to() const { return m_to; }
    bool isZoomed() const { return m_isZoomed; }
    void zoom(double factor, double aroundStep);
    void resetZoom();

    /// Draws what the stores hold now, without waiting for the next turn.
    void redraw();
    /// Of a line, as drawn last.
    int drawnPoints(int line) const;
    /// What the legend reads: "step 120 · train 1.42 · eval 1.31 (step 100)".
    QString readout() const;

protected:
    void showEvent(QShowEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    struct Drawn {
        ChartLine line;
        QPointer<managers::MetricStore> store;
        QXYSeries* series = nullptr;
    };

    void redrawSoon();
    double lastStep() const;
    void style(Drawn& drawn);
    void drawLine(Drawn& drawn, int pixels);
    void drawBest();
    void setAxes();
    void setStepAxis();
    void setValueAxis();
    void readAt(double step);
    void stopReading();
    void move(double steps);
    QString describe(double step) const;
    double scaled(double value) const;

    QChart* m_chart;
    ChartView* m_view;
    ChartLegend* m_legend;
    QCategoryAxis* m_stepAxis;
    QCategoryAxis* m_valueAxis;
    QScatterSeries* m_star;
    std::vector<Drawn> m_lines;
    QPointer<managers::MetricStore> m_bestOf;
    QTimer m_timer;
    ChartColors m_colors;
    std::function<QString(double)> m_valueText;
    double m_tickScale = 1.0;
    QString m_note;
    std::optional<double> m_readStep;
    double m_from = 0.0;
    double m_to = 1.0;
    bool m_isZoomed = false;
    bool m_isLogarithmic = false;
};

} // namespace llamahome::widgets
