#include "widgets/data_preview.h"

#include <algorithm>
#include <limits>

#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QSignalBlocker>
#include <QSpinBox>
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

DataPreview::DataPreview(const managers::TrainingSetup& setup, managers::RowPages& pages, QWidget* parent)
    : QDialog(parent)
    , m_pages(&pages) {
    pages.setParent(this);
    const jobs::DataReport& report = *setup.dataReport();
    setObjectName(QStringLiteral("dataPreview"));
    setWindowTitle(tr("Inside %1").arg(filesText(setup.dataFiles())));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(kWidth, kHeight);
    auto* tabs = new QTabWidget(this);
    tabs->setObjectName(QStringLiteral("previewTabs"));
    tabs->addTab(makeRow(report), tr("&As trained"));
    tabs->addTab(makeLengths(report, setup.settings().training.max_length), tr("&Lengths"));
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
    if (report.summary.rows == 0) {
        column->addWidget(new QLabel(tr("There is no usable row."), page));
        column->addStretch(1);
        return page;
    }
    const auto most =
        static_cast<int>(std::min<std::uint64_t>(report.summary.rows, std::numeric_limits<int>::max()));
    m_number = new QSpinBox(page);
    m_number->setObjectName(QStringLiteral("rowNumber"));
    m_number->setRange(1, most);
    m_number->setKeyboardTracking(false);
    auto* label = new QLabel(tr("&Row"), page);
    label->setBuddy(m_number);
    m_place = look::makeNote({}, page);
    m_place->setObjectName(QStringLiteral("rowPlace"));
    auto* head = new QHBoxLayout;
    head->setSpacing(look::kGrid);
    head->addWidget(label);
    head->addWidget(m_number);
    head->addWidget(new QLabel(tr("of %1").arg(countText(report.summary.rows)), page));
    head->addWidget(m_place, 1);
    m_row = new TrainedRowView(page);
    m_row->setObjectName(QStringLiteral("trainedRow"));
    auto* legend = look::makeNote(TrainedRowView::legend(), page);
    legend->setWordWrap(true);
    column->addLayout(head);
    column->addWidget(m_row, 1);
    column->addWidget(legend);
    connect(m_number, &QSpinBox::valueChanged, m_pages,
            [this](int number) { m_pages->show(static_cast<quint64>(number)); });
    connect(m_pages, &managers::RowPages::shown, this, &DataPreview::showRow);
    connect(m_pages, &managers::RowPages::failed, this, [this](const Error& error) {
        m_row->setRow({});
        m_place->setText(managers::windowText(error.message));
    });
    if (report.example) {
        const QSignalBlocker blocker(m_number);
        m_number->setValue(static_cast<int>(report.example->number));
        showRow(*report.example);
    } else {
        m_pages->show(1);
    }
    return page;
}

void DataPreview::showRow(const jobs::ShownRow& row) {
    m_row->setRow(row);
    std::size_t count = 0;
    std::size_t seen = 0;
    for (const jobs::ShownToken& token : row.tokens) {
        count += token.ids.size();
        if (token.part != jobs::TokenPart::Cut) seen += token.ids.size();
    }
    QStringList words{
        tr("%1 line %2").arg(managers::pathToQt(row.file.filename()), QString::number(row.line)),
        tokensText(count)};
    if (row.isCut()) words << tr("cut after %1").arg(countText(seen));
    if (row.isDropped()) words << tr("left out: nothing in it is learned");
    m_place->setText(words.join(QStringLiteral(" · ")));
}

} // namespace llamahome::widgets
