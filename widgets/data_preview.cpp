#include "widgets/data_preview.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QLabel>
#include <QTabWidget>
#include <QTableWidget>
#include <QVBoxLayout>

#include "core/quantity.h"
#include "managers/text.h"
#include "managers/window_words.h"
#include "widgets/fact_form.h"
#include "widgets/length_histogram.h"
#include "widgets/look.h"
#include "widgets/trained_row_view.h"
#include "widgets/training_words.h"

namespace llamahome::widgets {

using managers::toQt;

namespace {

constexpr int kWidth = 96 * look::kGrid;
constexpr int kHeight = 68 * look::kGrid;

} // namespace

DataPreview::DataPreview(const jobs::DataReport& report, const QStringList& files, int maxLength,
                         QWidget* parent)
    : QDialog(parent) {
    setObjectName(QStringLiteral("dataPreview"));
    setWindowTitle(tr("Inside %1").arg(filesText(files)));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(kWidth, kHeight);
    auto* tabs = new QTabWidget(this);
    tabs->setObjectName(QStringLiteral("previewTabs"));
    tabs->addTab(makeRow(report), tr("&As trained"));
    tabs->addTab(makeLengths(report, maxLength), tr("&Lengths"));
    const quint64 bad = report.summary.badRows;
    tabs->addTab(makeProblems(report), bad == 0 ? tr("&Problems") : tr("&Problems (%1)").arg(countText(bad)));
    if (bad > 0) tabs->setCurrentIndex(2);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* column = new QVBoxLayout(this);
    column->setSpacing(2 * look::kGrid);
    column->addWidget(makeFacts(report));
    column->addWidget(tabs, 1);
    column->addWidget(buttons);
}

QWidget* DataPreview::makeFacts(const jobs::DataReport& report) {
    const auto& summary = report.summary;
    auto* facts = new FactForm(this);
    const auto add = [facts](const QString& name, const QString& objectName, const QString& value) {
        facts->setFact(*facts->addFact(name, objectName), value);
    };
    const QString format = summary.format ? toQt(text::formatName(*summary.format)) : tr("no usable row");
    const QString kind = summary.kind ? toQt(text::kindName(*summary.kind)) : tr("unknown");
    add(tr("Format"), QStringLiteral("factFormat"),
        tr("%1 in %2; template %3").arg(format, kind, toQt(report.templateName)));
    QStringList rows{tr("%1 good").arg(countText(summary.rows)), tr("%1 bad").arg(countText(summary.badRows)),
                     tr("%1 cut").arg(countText(summary.cutRows)),
                     tr("%1 with nothing to learn").arg(countText(summary.droppedRows)),
                     tr("%1 duplicates").arg(countText(summary.duplicates))};
    add(tr("Rows"), QStringLiteral("factRows"), rows.join(QStringLiteral(", ")));
    add(tr("Tokens"), QStringLiteral("factTokens"),
        tr("%1, of them %2 learned (%3 %)")
            .arg(countText(summary.tokens), countText(summary.supervisedTokens),
                 toQt(formatNumber(100.0 * summary.supervisedShare(), 3))));
    return facts;
}

QWidget* DataPreview::makeLengths(const jobs::DataReport& report, int maxLength) {
    const text::LengthStatistics& lengths = report.summary.lengths;
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    auto* words =
        new QLabel(lengths.buckets.empty() ? tr("There is no usable row.")
                                           : tr("%1 to %2 tokens, half of the rows up to %3, 95 % up to %4")
                                                 .arg(countText(lengths.min), countText(lengths.max),
                                                      countText(lengths.median), countText(lengths.p95)),
                   page);
    words->setWordWrap(true);
    auto* histogram = new LengthHistogram(page);
    histogram->setLengths(lengths, maxLength);
    column->addWidget(words);
    column->addWidget(histogram, 1);
    return page;
}

QWidget* DataPreview::makeProblems(const jobs::DataReport& report) {
    const auto& summary = report.summary;
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    auto* words = new QLabel(page);
    words->setWordWrap(true);
    words->setText(summary.badRows == 0 ? tr("Every row can be used.")
                   : summary.problems.size() < summary.badRows
                       ? tr("The first %1 of %2 bad rows:")
                             .arg(countText(summary.problems.size()), countText(summary.badRows))
                       : tr("Bad rows:"));
    auto* table = new QTableWidget(static_cast<int>(summary.problems.size()), 3, page);
    table->setObjectName(QStringLiteral("problemTable"));
    table->setAccessibleName(tr("Bad rows"));
    table->setHorizontalHeaderLabels({tr("Line"), tr("Column"), tr("What is wrong")});
    table->horizontalHeader()->setStretchLastSection(true);
    table->verticalHeader()->hide();
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setTabKeyNavigation(false);
    table->setWordWrap(true);
    for (int row = 0; row < table->rowCount(); ++row) {
        const text::RowProblem& problem = summary.problems[static_cast<std::size_t>(row)];
        const QString column2 = problem.column > 0 ? QString::number(problem.column) : QString();
        table->setItem(row, 0, new QTableWidgetItem(QString::number(problem.line)));
        table->setItem(row, 1, new QTableWidgetItem(column2));
        table->setItem(row, 2, new QTableWidgetItem(managers::windowText(problem.error.message)));
        for (const int number : {0, 1})
            table->item(row, number)->setTextAlignment(Qt::AlignRight | Qt::AlignTop);
    }
    table->resizeColumnToContents(0);
    table->resizeColumnToContents(1);
    table->resizeRowsToContents();
    table->setVisible(summary.badRows > 0);
    column->addWidget(words);
    column->addWidget(table, 1);
    if (summary.badRows == 0) column->addStretch(1);
    return page;
}

QWidget* DataPreview::makeRow(const jobs::DataReport& report) {
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    auto* words =
        new QLabel(report.example.empty()
                       ? tr("There is no usable row.")
                       : tr("The first row as the model sees it. It learns to write what is underlined."),
                   page);
    words->setWordWrap(true);
    auto* row = new TrainedRowView(page);
    row->setObjectName(QStringLiteral("trainedRow"));
    row->setSpans(report.example);
    column->addWidget(words);
    column->addWidget(row, 1);
    return page;
}

} // namespace llamahome::widgets
