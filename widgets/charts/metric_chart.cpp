#include "widgets/charts/metric_chart.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <QKeyEvent>
#include <QPainter>
#include <QVBoxLayout>
#include <QtCharts/QCategoryAxis>
#include <QtCharts/QChart>
#include <QtCharts/QLineSeries>
#include <QtCharts/QScatterSeries>

#include "core/quantity.h"
#include "managers/text.h"
#include "widgets/charts/chart_legend.h"
#include "widgets/charts/chart_marker.h"
#include "widgets/charts/chart_ticks.h"
#include "widgets/charts/chart_view.h"

namespace llamahome::widgets {

using managers::Metric;
using managers::MetricColumns;

namespace {

constexpr int kRedrawMs = 100;
constexpr double kMargin = 0.05;        ///< of the range of values, above and below
constexpr double kLeastSteps = 4.0;     ///< that a zoom shows
constexpr double kLeastRange = 0.025;   ///< of the value, above and below, where all are nearly the same
constexpr double kSideRoom = 0.012;     ///< of the steps, left and right, for markers at the ends
constexpr int kMostSmoothPoints = 1500; ///< drawn; beyond that smooth edges cost more than they show
constexpr double kMarkerSize = 8.0;
constexpr qsizetype kMostMarkers = 200; ///< on one line; more would be a band
constexpr double kStarSize = 15.0;
constexpr int kStepTickPixels = 90; ///< room for an axis figure
constexpr int kValueTickPixels = 40;
constexpr int kFocusFrame = 2;
constexpr double kKeyZoom = 0.7;

QString plainNumber(double value) {
    if (value == 0.0) value = 0.0; // never "-0"
    return managers::toQt(formatNumber(value, 3));
}

QImage markerImage(const ChartLine& line, double pixelRatio) {
    const ChartMarker marker = line.marker == ChartMarker::None ? ChartMarker::Circle : line.marker;
    const int size = static_cast<int>(std::ceil(kMarkerSize * pixelRatio));
    QImage image(size, size, QImage::Format_ARGB32_Premultiplied);
    image.setDevicePixelRatio(pixelRatio);
    image.fill(Qt::transparent);
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillPath(markerPath(marker, QPointF(kMarkerSize / 2.0, kMarkerSize / 2.0), kMarkerSize / 2.0),
                     line.color);
    return image;
}

QString stepText(double step) {
    return QString::number(static_cast<qint64>(std::llround(step)));
}

} // namespace

MetricChart::MetricChart(QWidget* parent)
    : QWidget(parent)
    , m_chart(new QChart)
    , m_view(new ChartView(m_chart, this))
    , m_legend(new ChartLegend(this))
    , m_stepAxis(new QCategoryAxis)
    , m_valueAxis(new QCategoryAxis)
    , m_star(new QScatterSeries)
    , m_valueText(plainNumber) {
    m_chart->legend()->hide();
    m_chart->setMargins(QMargins(0, 0, 8, 0));
    m_chart->setBackgroundRoundness(0.0);
    m_chart->setAnimationOptions(QChart::NoAnimation);
    for (QCategoryAxis* axis : {m_stepAxis, m_valueAxis})
        axis->setLabelsPosition(QCategoryAxis::AxisLabelsPositionOnValue);
    m_stepAxis->setTitleText(tr("Step"));
    m_chart->addAxis(m_stepAxis, Qt::AlignBottom);
    m_chart->addAxis(m_valueAxis, Qt::AlignLeft);
    m_star->setMarkerShape(QScatterSeries::MarkerShapeStar);
    m_star->setMarkerSize(kStarSize);
    m_chart->addSeries(m_star);
    m_star->attachAxis(m_stepAxis);
    m_star->attachAxis(m_valueAxis);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(kFocusFrame, kFocusFrame, kFocusFrame, kFocusFrame);
    layout->setSpacing(4);
    layout->addWidget(m_legend);
    layout->addWidget(m_view, 1);
    setFocusPolicy(Qt::StrongFocus);
    m_timer.setSingleShot(true);
    m_timer.setInterval(kRedrawMs);
    connect(&m_timer, &QTimer::timeout, this, &MetricChart::redraw);
    connect(m_view, &ChartView::zoomWanted, this, &MetricChart::zoom);
    connect(m_view, &ChartView::moveWanted, this, &MetricChart::move);
    connect(m_view, &ChartView::resetWanted, this, &MetricChart::resetZoom);
    connect(m_view, &ChartView::hovered, this, &MetricChart::readAt);
    connect(m_view, &ChartView::left, this, &MetricChart::stopReading);
}

MetricChart::~MetricChart() = default;

void MetricChart::setColors(const ChartColors& colors) {
    m_colors = colors;
    m_chart->setBackgroundBrush(colors.background);
    m_chart->setBackgroundPen(Qt::NoPen);
    m_view->setBackgroundBrush(colors.background);
    for (QCategoryAxis* axis : {m_stepAxis, m_valueAxis}) {
        axis->setLabelsBrush(colors.quiet);
        axis->setLabelsFont(font());
        axis->setTitleBrush(colors.quiet);
        axis->setTitleFont(font());
        axis->setGridLinePen(QPen(colors.grid, 1.0));
        axis->setLinePen(QPen(colors.quiet, 1.0));
    }
    m_star->setBrush(colors.best);
    m_star->setPen(Qt::NoPen);
    m_legend->setColors(colors.text, colors.quiet);
    redrawSoon();
}

void MetricChart::setValueText(std::function<QString(double)> text, double scale) {
    m_valueText = std::move(text);
    m_tickScale = scale;
    redrawSoon();
}

void MetricChart::setValueTitle(const QString& title) {
    m_valueAxis->setTitleText(title);
}

int MetricChart::addLine(managers::MetricStore& store, const ChartLine& line) {
    Drawn drawn{line, &store, nullptr};
    if (line.dash == Qt::NoPen)
        drawn.series = new QScatterSeries;
    else
        drawn.series = new QLineSeries;
    m_chart->addSeries(drawn.series);
    drawn.series->attachAxis(m_stepAxis);
    drawn.series->attachAxis(m_valueAxis);
    style(drawn);
    m_lines.push_back(drawn);
    connect(&store, &managers::MetricStore::changed, this, &MetricChart::redrawSoon, Qt::UniqueConnection);
    // The star stays above the lines.
    m_chart->removeSeries(m_star);
    m_chart->addSeries(m_star);
    m_star->attachAxis(m_stepAxis);
    m_star->attachAxis(m_valueAxis);
    redrawSoon();
    return static_cast<int>(m_lines.size()) - 1;
}

void MetricChart::style(Drawn& drawn) {
    if (auto* points = qobject_cast<QScatterSeries*>(drawn.series)) {
        points->setMarkerShape(drawn.line.marker == ChartMarker::Square ? QScatterSeries::MarkerShapeRectangle
                               : drawn.line.marker == ChartMarker::Triangle
                                   ? QScatterSeries::MarkerShapeTriangle
                                   : QScatterSeries::MarkerShapeCircle);
        points->setMarkerSize(kMarkerSize);
        points->setColor(drawn.line.color);
        points->setPen(Qt::NoPen);
        return;
    }
    QPen pen(drawn.line.color, drawn.line.width, drawn.line.dash);
    drawn.series->setPen(pen);
    drawn.series->setMarkerSize(kMarkerSize);
}

void MetricChart::setLineColor(int line, const QColor& color) {
    Drawn& drawn = m_lines.at(static_cast<std::size_t>(line));
    drawn.line.color = color;
    style(drawn);
    redrawSoon();
}

void MetricChart::clearLines() {
    for (Drawn& drawn : m_lines) {
        if (drawn.store) disconnect(drawn.store, nullptr, this, nullptr);
        m_chart->removeSeries(drawn.series);
        delete drawn.series;
    }
    m_lines.clear();
    m_bestOf = nullptr;
    redrawSoon();
}

void MetricChart::setBestOf(managers::MetricStore* store) {
    m_bestOf = store;
    redrawSoon();
}

void MetricChart::setNote(const QString& note) {
    if (note == m_note) return;
    m_note = note;
    redrawSoon();
}

void MetricChart::setLogarithmic(bool on) {
    if (on == m_isLogarithmic) return;
    m_isLogarithmic = on;
    redraw();
}

double MetricChart::lastStep() const {
    double last = 1.0;
    for (const Drawn& drawn : m_lines)
        if (drawn.store) last = std::max(last, static_cast<double>(drawn.store->columns().lastStep()));
    return last;
}

void MetricChart::zoom(double factor, double aroundStep) {
    const double whole = lastStep();
    const double width = std::clamp((m_to - m_from) * factor, std::min(kLeastSteps, whole), whole);
    const double share = m_to > m_from ? std::clamp((aroundStep - m_from) / (m_to - m_from), 0.0, 1.0) : 0.5;
    m_from = std::clamp(aroundStep - share * width, 0.0, whole - width);
    m_to = m_from + width;
    m_isZoomed = width < whole;
    redraw();
}

void MetricChart::move(double steps) {
    if (!m_isZoomed) return;
    const double width = m_to - m_from;
    m_from = std::clamp(m_from + steps, 0.0, std::max(0.0, lastStep() - width));
    m_to = m_from + width;
    redraw();
}

void MetricChart::resetZoom() {
    m_isZoomed = false;
    redraw();
}

void MetricChart::redrawSoon() {
    if (isVisible() && !m_timer.isActive()) m_timer.start();
}

void MetricChart::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    redraw();
}

void MetricChart::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    redrawSoon();
}

double MetricChart::scaled(double value) const {
    return m_isLogarithmic ? std::log10(value) : value;
}

void MetricChart::redraw() {
    m_timer.stop();
    if (!m_isZoomed) {
        m_from = 0.0;
        m_to = lastStep();
    }
    setAxes();
    const int pixels = std::max(32, static_cast<int>(m_chart->plotArea().width()));
    for (Drawn& drawn : m_lines)
        drawLine(drawn, pixels);
    drawBest();
    qsizetype drawn = 0;
    for (const Drawn& line : m_lines)
        drawn += line.series->count();
    m_view->setRenderHint(QPainter::Antialiasing, drawn <= kMostSmoothPoints);
    readAt(m_readStep.value_or(-1.0));
}

void MetricChart::drawLine(Drawn& drawn, int pixels) {
    QList<QPointF> points;
    if (drawn.store) {
        // A smooth line looks the same from half as many points.
        const int columns = drawn.line.metric == managers::Metric::SmoothedLoss ? pixels / 2 : pixels;
        const auto chosen = drawn.store->columns().decimate(drawn.line.metric, m_from, m_to, columns);
        points.reserve(static_cast<qsizetype>(chosen.size()));
        for (const managers::SeriesPoint& point : chosen)
            if (!m_isLogarithmic || point.value > 0.0)
                points.append(QPointF(point.step, scaled(point.value)));
    }
    const bool isWished = drawn.line.marker != ChartMarker::None && points.size() <= kMostMarkers;
    const bool isMarked = drawn.line.dash != Qt::NoPen && (isWished || points.size() == 1);
    drawn.series->setLightMarker(isMarked ? markerImage(drawn.line, devicePixelRatioF()) : QImage());
    drawn.series->replace(points);
}

void MetricChart::drawBest() {
    QList<QPointF> points;
    if (m_bestOf)
        if (const auto best = m_bestOf->columns().best(); best && (!m_isLogarithmic || best->evalLoss > 0.0))
            points.append(QPointF(static_cast<double>(best->step), scaled(best->evalLoss)));
    m_star->replace(points);
}

void MetricChart::setAxes() {
    setStepAxis();
    setValueAxis();
}

namespace {

void setTicks(QCategoryAxis& axis, double low, double high, const std::vector<double>& ticks,
              const std::function<double(double)>& position, const std::function<QString(double)>& text) {
    QStringList labels;
    std::vector<double> positions;
    for (const double tick : ticks) {
        const QString label = text(tick);
        if (labels.contains(label)) continue; // too near to the one before it to be told apart
        labels << label;
        positions.push_back(position(tick));
    }
    if (axis.categoriesLabels() != labels) {
        for (const QString& old : axis.categoriesLabels())
            axis.remove(old);
        axis.setStartValue(low);
        for (qsizetype i = 0; i < labels.size(); ++i)
            axis.append(labels[i], positions[static_cast<std::size_t>(i)]);
    }
    if (axis.min() != low || axis.max() != high) axis.setRange(low, high);
}

} // namespace

void MetricChart::setStepAxis() {
    const double room = kSideRoom * (m_to - m_from);
    const int most = std::max(2, static_cast<int>(m_chart->plotArea().width()) / kStepTickPixels);
    setTicks(
        *m_stepAxis, m_from - room, m_to + room, linearTicks(m_from, m_to, most, true),
        [](double step) { return step; }, stepText);
}

void MetricChart::setValueAxis() {
    std::optional<MetricColumns::Range> range;
    for (const Drawn& drawn : m_lines) {
        if (!drawn.store) continue;
        const auto own = drawn.store->columns().range(drawn.line.metric, m_from, m_to);
        if (!own) continue;
        if (!range) range = own;
        range->minimum = std::min(range->minimum, own->minimum);
        range->maximum = std::max(range->maximum, own->maximum);
    }
    double low = range ? range->minimum : 0.0;
    double high = range ? range->maximum : 1.0;
    if (m_isLogarithmic) {
        constexpr double kLeast = 1e-12;
        low = std::log10(std::max(low, kLeast));
        high = std::log10(std::max(high, kLeast));
    }
    const double least = std::max(std::abs(high) * kLeastRange, 1e-12);
    if (high - low < least) {
        low -= least;
        high += least;
    }
    const double margin = kMargin * (high - low);
    low = !m_isLogarithmic && low >= 0.0 ? std::max(0.0, low - margin) : low - margin;
    high += margin;
    const int most = std::max(2, static_cast<int>(m_chart->plotArea().height()) / kValueTickPixels);
    auto ticks = m_isLogarithmic ? logarithmicTicks(std::pow(10.0, low), std::pow(10.0, high), most)
                                 : linearTicks(low * m_tickScale, high * m_tickScale, most, false);
    if (!m_isLogarithmic)
        for (double& tick : ticks)
            tick /= m_tickScale;
    setTicks(
        *m_valueAxis, low, high, ticks, [this](double value) { return scaled(value); }, m_valueText);
}

int MetricChart::drawnPoints(int line) const {
    return static_cast<int>(m_lines.at(static_cast<std::size_t>(line)).series->count());
}

void MetricChart::readAt(double step) {
    m_readStep = step >= 0.0 ? std::optional(step) : std::nullopt;
    QString heading;
    std::vector<ChartLegend::Entry> entries;
    for (const Drawn& drawn : m_lines) {
        ChartLegend::Entry entry{drawn.line, {}, false};
        if (m_readStep && drawn.store) {
            const MetricColumns& columns = drawn.store->columns();
            if (const auto row = columns.rowNear(*m_readStep)) {
                heading = tr("step %1").arg(columns.stepAt(*row));
                if (const auto value = columns.valueAt(drawn.line.metric, *row))
                    entry.value = m_valueText(*value);
                else if (const auto near = columns.knownNear(drawn.line.metric, *row))
                    entry.value = tr("%1 (step %2)")
                                      .arg(m_valueText(*columns.valueAt(drawn.line.metric, *near)))
                                      .arg(columns.stepAt(*near));
            }
        }
        entries.push_back(std::move(entry));
    }
    if (m_bestOf)
        if (const auto best = m_bestOf->columns().best()) {
            ChartLine star;
            star.name = tr("best %1 at step %2").arg(m_valueText(best->evalLoss)).arg(best->step);
            star.color = m_colors.best;
            entries.push_back({star, {}, true});
        }
    m_legend->setEntries(heading, std::move(entries), m_note);
    m_view->setCursor(m_readStep, m_colors.quiet);
    if (hasFocus()) setAccessibleDescription(describe(m_readStep.value_or(lastStep())));
}

void MetricChart::stopReading() {
    readAt(-1.0);
}

QString MetricChart::describe(double step) const {
    QStringList parts;
    for (const Drawn& drawn : m_lines) {
        if (!drawn.store) continue;
        const MetricColumns& columns = drawn.store->columns();
        const auto row = columns.rowNear(step);
        const auto near = row ? columns.knownNear(drawn.line.metric, *row) : std::nullopt;
        if (near)
            parts << tr("%1 %2 at step %3")
                         .arg(drawn.line.name, m_valueText(*columns.valueAt(drawn.line.metric, *near)))
                         .arg(columns.stepAt(*near));
    }
    return parts.isEmpty() ? tr("No numbers yet") : parts.join(QStringLiteral(", "));
}

QString MetricChart::readout() const {
    return m_legend->text();
}

void MetricChart::focusInEvent(QFocusEvent* event) {
    QWidget::focusInEvent(event);
    setAccessibleDescription(describe(m_readStep.value_or(lastStep())));
    update();
}

void MetricChart::focusOutEvent(QFocusEvent* event) {
    QWidget::focusOutEvent(event);
    update();
}

void MetricChart::paintEvent(QPaintEvent*) {
    if (!hasFocus()) return;
    QPainter painter(this);
    painter.setPen(QPen(palette().color(QPalette::Highlight), kFocusFrame));
    painter.drawRect(QRectF(rect()).adjusted(1, 1, -1, -1));
}

void MetricChart::keyPressEvent(QKeyEvent* event) {
    const double width = m_to - m_from;
    const double middle = m_readStep.value_or(m_from + width / 2.0);
    const double stride = std::max(1.0, width / 50.0);
    switch (event->key()) {
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        zoom(kKeyZoom, middle);
        break;
    case Qt::Key_Minus:
        zoom(1.0 / kKeyZoom, middle);
        break;
    case Qt::Key_Home:
        resetZoom();
        break;
    case Qt::Key_Left:
        readAt(std::max(m_from, middle - stride));
        break;
    case Qt::Key_Right:
        readAt(std::min(m_to, middle + stride));
        break;
    default:
        QWidget::keyPressEvent(event);
    }
}

} // namespace llamahome::widgets
