#include "widgets/run_comparison.h"

#include <QHeaderView>
#include <QLabel>
#include <QSplitter>
#include <QTableWidget>
#include <QVBoxLayout>

#include "widgets/look.h"
#include "widgets/run_chart.h"

namespace llamahome::widgets {

RunComparisonView::RunComparisonView(managers::RunManager& manager, QWidget* parent)
    : QWidget(parent)
    , m_manager(manager)
    , m_title(look::makeTitle({}, this))
    , m_chart(new RunChart(this))
    , m_table(new QTableWidget(this))
    , m_same(look::makeNote(tr("No difference in settings, model, data and results."), this)) {
    m_table->setObjectName(QStringLiteral("differenceTable"));
    m_table->setAccessibleName(tr("What differs between the runs"));
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + look::kGrid);
    m_table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_table->setTabKeyNavigation(false);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setShowGrid(false);
    m_table->setFrameShape(QFrame::NoFrame);
    connect(m_chart, &RunChart::pictureWanted, &manager, &managers::RunManager::savePicture);
    connect(m_chart, &RunChart::numbersWanted, this, [this](const QString& path, managers::Metric metric) {
        m_manager.exportComparison(m_names, metric, path);
    });
    auto* below = new QWidget(this);
    auto* column = new QVBoxLayout(below);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_same);
    column->addWidget(m_table, 1);
    auto* splitter = new QSplitter(this);
    splitter->setChildrenCollapsible(false);
    splitter->setHandleWidth(2 * look::kGrid);
    splitter->addWidget(m_chart);
    splitter->addWidget(below);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(look::kGrid);
    layout->addWidget(m_title);
    layout->addWidget(splitter, 1);
}

void RunComparisonView::showComparison(const managers::RunComparison& comparison) {
    m_title->setText(tr("%1 runs compared").arg(comparison.names.size()));
    m_names = comparison.names;
    std::vector<RunChart::Run> runs;
    const auto& stores = m_manager.comparedMetrics();
    for (std::size_t i = 0; i < comparison.names.size() && i < stores.size(); ++i)
        runs.push_back({comparison.names[i], stores[i]});
    m_chart->showRuns(runs);

    QStringList heads{tr("What differs")};
    for (const QString& name : comparison.names)
        heads << name;
    m_table->clear();
    m_table->setColumnCount(static_cast<int>(heads.size()));
    m_table->setHorizontalHeaderLabels(heads);
    m_table->setRowCount(static_cast<int>(comparison.rows.size()));
    for (int row = 0; row < m_table->rowCount(); ++row) {
        const auto& difference = comparison.rows[static_cast<std::size_t>(row)];
        for (int column = 0; column < m_table->columnCount(); ++column) {
            auto* item = new QTableWidgetItem(
                column == 0 ? difference.key : difference.values[static_cast<std::size_t>(column) - 1]);
            item->setFlags(Qt::ItemIsSelectable | Qt::ItemIsEnabled);
            item->setToolTip(item->text());
            m_table->setItem(row, column, item);
        }
    }
    m_table->resizeColumnsToContents();
    m_table->setVisible(!comparison.rows.empty());
    m_same->setVisible(comparison.rows.empty());
}

} // namespace llamahome::widgets
