#include "widgets/run_view.h"

#include <array>
#include <initializer_list>

#include <QCheckBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QPushButton>
#include <QScrollArea>
#include <QShortcut>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabBar>
#include <QTableView>
#include <QVBoxLayout>

#include "core/quantity.h"
#include "items/metric_table.h"
#include "managers/quantity_words.h"
#include "managers/text.h"
#include "widgets/answers_view.h"
#include "widgets/buttons.h"
#include "widgets/chart_colors.h"
#include "widgets/chart_saver.h"
#include "widgets/charts/metric_chart.h"
#include "widgets/copy_text.h"
#include "widgets/look.h"
#include "widgets/now_card.h"
#include "widgets/run_result.h"
#include "widgets/training_words.h"

namespace llamahome::widgets {

using managers::Metric;
using managers::toQt;
using managers::TrainingState;

namespace {

constexpr double kThin = 1.0;
constexpr double kThick = 2.5;
constexpr double kBytesPerMegabyte = 1e6;
constexpr int kSideWidth = 40 * look::kGrid;
const QString kLogKey = QStringLiteral("training/logarithmic");

} // namespace

RunView::RunView(managers::TrainingManager& manager, WindowMemory& memory, QWidget* parent)
    : QWidget(parent)
    , m_manager(manager)
    , m_memory(memory)
    , m_tabs(new QTabBar(this))
    , m_logarithmic(new QCheckBox(tr("Lo&garithmic"), this))
    , m_copy(makeButton(tr("Cop&y"), Icon::Copy, QStringLiteral("copyRows"), this))
    , m_save(new ChartSaver(this))
    , m_pages(new QStackedWidget(this))
    , m_lossChart(new MetricChart(this))
    , m_chart(new MetricChart(this))
    , m_table(new QTableView(this))
    , m_rows(new items::MetricTable(manager.metrics(), this))
    , m_answers(new AnswersView(tr("The sample prompts are answered before the first step, at each "
                                   "evaluation and after the last step. "
                                   "They are set under All settings, or taken from the data."),
                                this))
    , m_now(new NowCard(manager, this))
    , m_result(new RunResult(manager, this)) {
    auto* side = new QScrollArea(this);
    auto* sideContent = new QWidget;
    auto* sideColumn = new QVBoxLayout(sideContent);
    sideColumn->setContentsMargins(0, 0, 0, 0);
    sideColumn->setSpacing(2 * look::kGrid);
    sideColumn->addWidget(m_result);
    sideColumn->addWidget(m_now, 1);
    side->setWidget(sideContent);
    side->setWidgetResizable(true);
    side->setFrameShape(QFrame::NoFrame);
    side->setFocusPolicy(Qt::NoFocus);
    side->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* splitter = new QSplitter(Qt::Horizontal, this);
    splitter->addWidget(makeCharts());
    splitter->addWidget(side);
    splitter->setStretchFactor(0, 1);
    splitter->setStretchFactor(1, 0);
    splitter->setSizes({3 * kSideWidth, kSideWidth});
    splitter->setChildrenCollapsible(false);
    m_memory.keep(*splitter, QStringLiteral("training/splitter"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(splitter);
    connect(m_result, &RunResult::chatRequested, this, &RunView::chatRequested);
    connect(m_result, &RunResult::exportRequested, this, &RunView::exportRequested);
    connect(m_result, &RunResult::evaluateRequested, this, &RunView::evaluateRequested);
    connect(&m_manager, &managers::TrainingManager::progressed, this, &RunView::takeProgress);
    connect(&m_manager, &managers::TrainingManager::runChanged, this, &RunView::takeProgress);
    connect(&m_manager, &managers::TrainingManager::stateChanged, this, &RunView::takeState);
    addLossLines();
    colorCharts();
    showTab(Loss);
}

QWidget* RunView::makeCharts() {
    m_tabs->setObjectName(QStringLiteral("runTabs"));
    m_tabs->setAccessibleName(tr("What is shown of the run"));
    m_tabs->setExpanding(false);
    m_tabs->setDrawBase(false);
    for (const QString& title : {tr("Loss"), tr("Learning rate"), tr("Gradient"), tr("Speed"), tr("Memory"),
                                 tr("Table"), tr("Answers")})
        m_tabs->addTab(title);
    m_lossChart->setObjectName(QStringLiteral("lossChart"));
    m_lossChart->setAccessibleName(tr("Loss over the steps"));
    m_lossChart->setValueTitle(m_tabs->tabText(Loss));
    m_chart->setObjectName(QStringLiteral("curveChart"));
    m_logarithmic->setObjectName(QStringLiteral("logarithmic"));
    m_logarithmic->setToolTip(tr("Each line of the axis is so many times the one below"));
    m_logarithmic->setChecked(m_memory.value(kLogKey, false).toBool());
    setLogarithmic(m_logarithmic->isChecked());
    m_copy->setToolTip(tr("Copy the chosen rows, or all"));
    m_copy->hide();
    m_pages->addWidget(m_lossChart);
    m_pages->addWidget(m_chart);
    m_pages->addWidget(makeTable());
    m_pages->addWidget(m_answers);
    auto* panel = new QWidget(this);
    auto* column = new QVBoxLayout(panel);
    column->setContentsMargins(0, 0, look::kGrid, 0);
    column->setSpacing(look::kGrid);
    column->addWidget(m_tabs);
    auto* tools = new QHBoxLayout; // beside them tabs had no room
    tools->setSpacing(look::kGrid);
    tools->addStretch(1);
    for (QWidget* own : std::initializer_list<QWidget*>{m_logarithmic, m_copy, m_save})
        tools->addWidget(own);
    column->addLayout(tools);
    column->addWidget(m_pages, 1);
    connectTools();
    return panel;
}

void RunView::connectTools() {
    connect(m_tabs, &QTabBar::currentChanged, this, &RunView::takeTab);
    connect(m_copy, &QPushButton::clicked, this, &RunView::copyRows);
    connect(m_logarithmic, &QCheckBox::toggled, this, [this](bool on) {
        m_memory.setValue(kLogKey, on);
        setLogarithmic(on);
    });
    connect(m_save, &ChartSaver::numbersWanted, &m_manager, &managers::TrainingManager::saveNumbers);
    connect(m_save, &ChartSaver::pictureWanted, this, [this](const QString& path, const QByteArray& png) {
        m_manager.saver().save(path, [png]() -> Result<std::string> { return png.toStdString(); });
    });
}

void RunView::setLogarithmic(bool on) {
    m_lossChart->setLogarithmic(on);
    m_chart->setLogarithmic(on);
}

QWidget* RunView::makeTable() {
    m_table->setObjectName(QStringLiteral("metricTable"));
    m_table->setAccessibleName(tr("All numbers of the run"));
    m_table->setModel(m_rows);
    m_table->setFont(look::figureFont());
    m_table->setFrameShape(QFrame::NoFrame);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setTabKeyNavigation(false);
    m_table->setAlternatingRowColors(true);
    m_table->setShowGrid(false);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    m_table->verticalHeader()->setDefaultSectionSize(3 * look::kGrid);
    m_table->horizontalHeader()->setStretchLastSection(true);
    m_table->horizontalHeader()->setHighlightSections(false);
    constexpr std::array kWidths{7, 7, 10, 9, 12, 13, 9, 12};
    for (int column = 0; column < items::MetricTable::kColumns; ++column)
        m_table->setColumnWidth(column, kWidths.at(static_cast<std::size_t>(column)) * look::kGrid);
    m_memory.keep(*m_table->horizontalHeader(), QStringLiteral("training/table"));
    auto* copy = new QShortcut(QKeySequence::Copy, m_table, nullptr, nullptr, Qt::WidgetShortcut);
    connect(copy, &QShortcut::activated, this, &RunView::copyRows);
    return m_table;
}

void RunView::copyRows() {
    copyFrom(*m_copy, m_rows->text(m_table->selectionModel()->selectedRows()));
}

void RunView::addLossLines() {
    managers::MetricStore& store = m_manager.metrics();
    m_lossChart->addLine(store,
                         {tr("train"), Metric::TrainLoss, {}, kThin, Qt::SolidLine, ChartMarker::None});
    m_lossChart->addLine(
        store, {tr("smoothed"), Metric::SmoothedLoss, {}, kThick, Qt::SolidLine, ChartMarker::None});
    m_lossChart->addLine(store, {tr("eval"), Metric::EvalLoss, {}, kThin, Qt::NoPen, ChartMarker::Circle});
    m_lossChart->setBestOf(&store);
}

void RunView::colorCharts() {
    const ChartColors colors = chartColors(palette());
    m_lossChart->setColors(colors);
    m_chart->setColors(colors);
    QColor raw = look::color(look::Tone::Quiet);
    m_lossChart->setLineColor(0, raw);
    m_lossChart->setLineColor(1, look::color(look::Tone::Accent));
    m_lossChart->setLineColor(2, look::color(look::Tone::Warning));
    if (m_chart->lineCount() > 0) m_chart->setLineColor(0, look::color(look::Tone::Accent));
}

void RunView::showCurve(Tab tab) {
    ChartLine line{{},    Metric::LearningRate, look::color(look::Tone::Accent),
                   kThin, Qt::SolidLine,        ChartMarker::None};
    double scale = 1.0;
    std::function<QString(double)> text = [](double value) { return toQt(formatNumber(value, 3)); };
    if (tab == LearningRate) {
        line.name = tr("learning rate");
    } else if (tab == Gradient) {
        line.name = tr("gradient norm, before clipping");
        line.metric = Metric::GradientNorm;
    } else if (tab == Speed) {
        line.name = tr("tokens/s");
        line.metric = Metric::TokensPerSecond;
    } else {
        line.name = tr("most memory so far");
        line.metric = Metric::MemoryMib;
        scale = managers::kBytesPerMib / kBytesPerMegabyte;
        text = managers::mebibytesText;
    }
    m_chart->clearLines();
    m_chart->setValueText(text, scale);
    m_chart->setValueTitle(line.name.front().toUpper() + line.name.mid(1));
    m_chart->setAccessibleName(tr("%1 over the steps").arg(line.name));
    m_chart->addLine(m_manager.metrics(), line);
    m_chart->redraw();
}

void RunView::takeTab(int index) {
    const auto tab = static_cast<Tab>(index);
    m_logarithmic->setVisible(tab < Table);
    m_copy->setVisible(tab == Table);
    m_save->setVisible(tab != Answers);
    m_save->setChart(tab == Loss ? m_lossChart : tab < Table ? m_chart : nullptr);
    if (tab == Loss)
        m_pages->setCurrentWidget(m_lossChart);
    else if (tab == Table)
        m_pages->setCurrentWidget(m_table);
    else if (tab == Answers)
        m_pages->setCurrentWidget(m_answers);
    else {
        showCurve(tab);
        m_pages->setCurrentWidget(m_chart);
    }
}

void RunView::focusFirst() {
    m_tabs->setFocus();
}

void RunView::showTab(Tab tab) {
    m_tabs->setCurrentIndex(tab);
}

void RunView::takeProgress() {
    if (m_manager.isEditable()) return;
    m_save->setFileName(m_manager.runName());
    m_lossChart->setNote(patienceText(m_manager.metrics().columns()));
    m_answers->setAnswers(m_manager.answers());
}

void RunView::takeState() {
    const TrainingState state = m_manager.state();
    if (state == TrainingState::Starting) showTab(Loss);
    const bool hasAnswers = m_manager.summary() && m_manager.summary()->end != jobs::TrainEnd::Interrupted &&
                            !m_manager.answers().empty();
    if (state == TrainingState::Done && hasAnswers) {
        m_answers->setAnswers(m_manager.answers());
        showTab(Answers);
    }
}

void RunView::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) colorCharts();
}

} // namespace llamahome::widgets
