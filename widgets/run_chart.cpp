#include "widgets/run_chart.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QStackedWidget>
#include <QTableView>
#include <QVBoxLayout>

#include "core/quantity.h"
#include "items/metric_line_table.h"
#include "managers/text.h"
#include "widgets/chart_colors.h"
#include "widgets/chart_saver.h"
#include "widgets/charts/metric_chart.h"
#include "widgets/look.h"

namespace llamahome::widgets {
namespace {

using managers::Metric;

constexpr double kThin = 1.0;
constexpr double kThick = 2.0;
constexpr int kColumnWidth = 18 * look::kGrid;

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
    , m_logarithmic(new QCheckBox(tr("Lo&garithmic"), this))
    , m_asTable(new QCheckBox(tr("As ta&ble"), this))
    , m_save(new ChartSaver(this))
    , m_pages(new QStackedWidget(this))
    , m_chart(new MetricChart(this))
    , m_table(new QTableView(this))
    , m_lines(new items::MetricLineTable(this)) {
    m_metric->setObjectName(QStringLiteral("runMetric"));
    m_metric->addItem(tr("Loss"), static_cast<int>(Metric::EvalLoss));
    m_metric->addItem(tr("Learning rate"), static_cast<int>(Metric::LearningRate));
    m_metric->addItem(tr("Gradient"), static_cast<int>(Metric::GradientNorm));
    m_metric->addItem(tr("Speed"), static_cast<int>(Metric::TokensPerSecond));
    m_metric->addItem(tr("Memory"), static_cast<int>(Metric::MemoryMib));
    m_chart->setObjectName(QStringLiteral("runChart"));
    makeTable();
    m_pages->addWidget(m_chart);
    m_pages->addWidget(m_table);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, look::kGrid, 0, 0);
    layout->setSpacing(look::kGrid);
    layout->addWidget(makeHead());
    layout->addWidget(m_pages, 1);
    connect(m_metric, &QComboBox::currentIndexChanged, this, &RunChart::draw);
    connect(m_logarithmic, &QCheckBox::toggled, m_chart, &MetricChart::setLogarithmic);
    connect(m_asTable, &QCheckBox::toggled, this, &RunChart::showTable);
    connect(m_save, &ChartSaver::pictureWanted, this, &RunChart::pictureWanted);
    connect(m_save, &ChartSaver::numbersWanted, this,
            [this](const QString& path) { Q_EMIT numbersWanted(path, metric()); });
    showTable(false);
    draw();
}

QWidget* RunChart::makeHead() {
    auto* head = new QWidget(this);
    auto* label = new QLabel(tr("Sho&w"), head);
    label->setBuddy(m_metric);
    m_logarithmic->setObjectName(QStringLiteral("runLogarithmic"));
    m_logarithmic->setToolTip(tr("Each line of the axis is so many times the one below"));
    m_asTable->setObjectName(QStringLiteral("runAsTable"));
    m_asTable->setToolTip(tr("The same numbers in rows"));
    auto* row = new QHBoxLayout(head);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    row->addWidget(label);
    row->addWidget(m_metric);
    row->addStretch(1);
    for (QWidget* tool : std::initializer_list<QWidget*>{m_logarithmic, m_asTable, m_save})
        row->addWidget(tool);
    return head;
}

void RunChart::makeTable() {
    m_table->setObjectName(QStringLiteral("runNumbers"));
    m_table->setAccessibleName(tr("The numbers of the curves"));
    m_table->setModel(m_lines);
    m_table->setFont(look::figureFont());
    m_table->setFrameShape(QFrame::NoFrame);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setTabKeyNavigation(false);
    m_table->setAlternatingRowColors(true);
    m_table->setShowGrid(false);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    m_table->verticalHeader()->setDefaultSectionSize(3 * look::kGrid);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->horizontalHeader()->setDefaultSectionSize(kColumnWidth);
}

Metric RunChart::metric() const {
    return static_cast<Metric>(m_metric->currentData().toInt());
}

void RunChart::showTable(bool on) {
    m_pages->setCurrentWidget(on ? static_cast<QWidget*>(m_table) : m_chart);
    m_logarithmic->setEnabled(!on);
    m_save->setChart(on ? nullptr : m_chart);
    fillTable();
}

/// While it is away it costs nothing.
void RunChart::fillTable() {
    std::vector<items::MetricLineTable::Line> lines;
    if (m_asTable->isChecked()) {
        for (int i = 0; i < m_chart->lineCount(); ++i) {
            const ChartLine& line = m_chart->lineAt(i);
            lines.push_back({line.name, m_chart->storeAt(i), line.metric});
        }
    }
    m_lines->setLines(std::move(lines), [](double value) { return managers::toQt(formatNumber(value)); });
}

void RunChart::showRuns(const std::vector<Run>& runs) {
    m_runs.clear();
    for (const Run& run : runs)
        m_runs.push_back({run.name, run.store});
    m_save->setFileName(m_runs.size() == 1 ? m_runs.front().name : tr("runs"));
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
    m_chart->setValueTitle(m_metric->currentText());
    if (m_runs.size() == 1 && m_runs.front().store)
        drawOne(*m_runs.front().store, metric());
    else
        drawSeveral(metric());
    m_chart->redraw();
    fillTable();
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
