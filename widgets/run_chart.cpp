#include "widgets/run_chart.h"

#include <algorithm>
#include <array>

#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "widgets/chart_colors.h"
#include "widgets/charts/metric_chart.h"
#include "widgets/look.h"

namespace llamahome::widgets {
namespace {

using managers::Metric;

constexpr double kThin = 1.0;
constexpr double kThick = 2.0;

/// Lines of several runs: told apart by dash and marker too. When the colours begin anew, the dashes and
/// markers are those of the next colour.
struct RunColor {
    const char* light;
    const char* dark;
};
constexpr std::array kColors{
    RunColor{"#0b6bcb", "#6db3f8"}, RunColor{"#b3541e", "#f0a36b"}, RunColor{"#2e7d32", "#7fc983"},
    RunColor{"#7b3fa0", "#c79be6"}, RunColor{"#a3195b", "#f08bb8"},
};
constexpr std::array kDashes{Qt::SolidLine, Qt::DashLine, Qt::DotLine, Qt::DashDotLine, Qt::DashDotDotLine};
constexpr std::array kMarkers{ChartMarker::Circle, ChartMarker::Square, ChartMarker::Triangle};
constexpr std::size_t kMostRuns = kColors.size() * kDashes.size(); ///< that can be told apart

ChartLine lineOfRun(std::size_t index) {
    const std::size_t turn = index + index / kColors.size();
    const RunColor& color = kColors[index % kColors.size()];
    ChartLine line;
    line.color = QColor(QLatin1String(look::isDark() ? color.dark : color.light));
    line.width = kThick;
    line.dash = kDashes[turn % kDashes.size()];
    line.marker = kMarkers[turn % kMarkers.size()];
    return line;
}

} // namespace

RunChart::RunChart(QWidget* parent)
    : QWidget(parent)
    , m_metric(new QComboBox(this))
    , m_chart(new MetricChart(this)) {
    m_metric->setObjectName(QStringLiteral("runMetric"));
    m_metric->addItem(tr("Loss"), static_cast<int>(Metric::EvalLoss));
    m_metric->addItem(tr("Learning rate"), static_cast<int>(Metric::LearningRate));
    m_metric->addItem(tr("Gradient"), static_cast<int>(Metric::GradientNorm));
    m_metric->addItem(tr("Speed"), static_cast<int>(Metric::TokensPerSecond));
    m_metric->addItem(tr("Memory"), static_cast<int>(Metric::MemoryMib));
    auto* label = new QLabel(tr("Sho&w"), this);
    label->setBuddy(m_metric);
    m_chart->setObjectName(QStringLiteral("runChart"));
    auto* head = new QHBoxLayout;
    head->setSpacing(look::kGrid);
    head->addWidget(label);
    head->addWidget(m_metric);
    head->addStretch(1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, look::kGrid, 0, 0);
    layout->setSpacing(look::kGrid);
    layout->addLayout(head);
    layout->addWidget(m_chart, 1);
    connect(m_metric, &QComboBox::currentIndexChanged, this, &RunChart::draw);
    draw();
}

void RunChart::showRuns(const std::vector<Run>& runs) {
    m_runs.clear();
    for (const Run& run : runs)
        m_runs.push_back({run.name, run.store});
    m_chart->resetZoom();
    draw();
}

void RunChart::draw() {
    m_chart->setColors(chartColors(palette()));
    m_chart->clearLines();
    m_chart->setBestOf(nullptr);
    m_chart->setNote(m_runs.size() > kMostRuns
                         ? tr("the first %1 of %2 runs").arg(kMostRuns).arg(m_runs.size())
                         : QString());
    const auto metric = static_cast<Metric>(m_metric->currentData().toInt());
    m_chart->setValueTitle(m_metric->currentText());
    if (m_runs.size() == 1 && m_runs.front().store)
        drawOne(*m_runs.front().store, metric);
    else
        drawSeveral(metric);
    m_chart->redraw();
}

void RunChart::drawOne(managers::MetricStore& store, Metric metric) {
    const QColor accent = look::color(look::Tone::Accent);
    if (metric != Metric::EvalLoss) {
        m_chart->addLine(store,
                         {m_metric->currentText(), metric, accent, kThick, Qt::SolidLine, ChartMarker::None});
        return;
    }
    m_chart->addLine(store, {tr("train"), Metric::TrainLoss, look::color(look::Tone::Quiet), kThin,
                             Qt::SolidLine, ChartMarker::None});
    m_chart->addLine(store, {tr("train, smoothed"), Metric::SmoothedLoss, accent, kThick, Qt::SolidLine,
                             ChartMarker::None});
    m_chart->addLine(store, {tr("eval"), Metric::EvalLoss, look::color(look::Tone::Warning), kThin,
                             Qt::DashLine, ChartMarker::Circle});
    m_chart->setBestOf(&store);
}

void RunChart::drawSeveral(Metric metric) {
    for (std::size_t i = 0; i < std::min(m_runs.size(), kMostRuns); ++i) {
        if (!m_runs[i].store) continue;
        ChartLine line = lineOfRun(i);
        line.name = m_runs[i].name;
        line.metric = metric;
        if (metric != Metric::EvalLoss) line.marker = ChartMarker::None;
        m_chart->addLine(*m_runs[i].store, line);
    }
}

void RunChart::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) draw();
}

} // namespace llamahome::widgets
