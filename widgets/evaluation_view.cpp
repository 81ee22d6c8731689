#include "widgets/evaluation_view.h"

#include <algorithm>
#include <span>

#include <QComboBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QSpinBox>
#include <QTableWidget>
#include <QVBoxLayout>

#include "core/quantity.h"
#include "managers/quantity_words.h"
#include "managers/text.h"
#include "widgets/answer_card.h"
#include "widgets/buttons.h"
#include "widgets/dropped_paths.h"
#include "widgets/job_progress.h"
#include "widgets/look.h"
#include "widgets/training_words.h"

namespace llamahome::widgets {

using jobs::AnswerMatch;
using managers::toQt;

namespace {

constexpr int kMostAnswers = 10'000;
constexpr std::size_t kShownAnswers = 100; // more make the page slow
constexpr int kLongestCell = 200;          // characters of a row's text in the table; all of it is on hover
constexpr int kDigits = 5;

enum RowColumn { KindColumn, LossColumn, BaseColumn, LineColumn, TextColumn, RowColumns };

void makeReadOnly(QTableWidget& table, const QString& objectName, const QString& spoken) {
    table.setObjectName(objectName);
    table.setAccessibleName(spoken);
    table.setFont(look::figureFont());
    table.verticalHeader()->hide();
    table.verticalHeader()->setDefaultSectionSize(table.fontMetrics().height() + look::kGrid);
    table.horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table.horizontalHeader()->setHighlightSections(false);
    table.horizontalHeader()->setStretchLastSection(true);
    table.setSelectionBehavior(QAbstractItemView::SelectRows);
    table.setTabKeyNavigation(false);
    table.setShowGrid(false);
    table.setWordWrap(false);
    table.setFrameShape(QFrame::NoFrame);
    table.setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
}

void addRow(QTableWidget& table, const QStringList& cells, const QString& hover = {}) {
    const int row = table.rowCount();
    table.insertRow(row);
    for (int column = 0; column < cells.size(); ++column) {
        auto* item = new QTableWidgetItem(cells[column]);
        item->setToolTip(hover.isEmpty() ? cells[column] : hover);
        item->setFlags(Qt::ItemIsSelectable | Qt::ItemIsEnabled);
        table.setItem(row, column, item);
    }
}

/// As high as its rows: the page scrolls, not the table.
void fitHeight(QTableWidget& table) {
    table.resizeColumnsToContents();
    const int rows = table.rowCount() * table.verticalHeader()->defaultSectionSize();
    table.setFixedHeight(table.horizontalHeader()->sizeHint().height() + rows + look::kGrid);
}

QString number(double value) {
    return toQt(formatNumber(value, kDigits));
}

QString partText(int part, int whole) {
    return EvaluationView::tr("%1 of %2 (%3 %)")
        .arg(part)
        .arg(whole)
        .arg(toQt(formatNumber(100.0 * part / whole, 3)));
}

QString verdictText(const QString& caption, const std::optional<bool>& isRight) {
    if (!isRight) return caption;
    return *isRight ? EvaluationView::tr("%1 · right").arg(caption)
                    : EvaluationView::tr("%1 · wrong").arg(caption);
}

QString cellText(const std::string& text) {
    const QString line = toQt(text).simplified();
    return line.size() <= kLongestCell ? line : line.left(kLongestCell) + QStringLiteral("…");
}

/// Plain text for a tool tip, whatever it holds.
QString hoverText(const std::string& text) {
    return QStringLiteral("<p style='white-space:pre-wrap'>%1</p>").arg(toQt(text).toHtmlEscaped());
}

} // namespace

EvaluationView::EvaluationView(managers::RunManager& manager, QWidget* parent)
    : QWidget(parent)
    , m_manager(manager)
    , m_source(new QLabel(this))
    , m_own(new QPushButton(tr("Use its own rows"), this))
    , m_answerRows(new QSpinBox(this))
    , m_match(new QComboBox(this))
    , m_begin(makeButton(tr("Evaluate"), Icon::Start, QStringLiteral("beginEvaluation"), this))
    , m_stop(makeButton(tr("Stop"), Icon::Stop, QStringLiteral("stopEvaluation"), this))
    , m_progress(new JobProgress(this))
    , m_hint(look::makeNote({}, this))
    , m_area(new QScrollArea(this))
    , m_figures(new QTableWidget(0, 4, this))
    , m_counts(look::makeNote({}, this))
    , m_rows(new QTableWidget(0, RowColumns, this))
    , m_answers(new QVBoxLayout) {
    setObjectName(QStringLiteral("evaluationView"));
    m_hint->setObjectName(QStringLiteral("evaluationHint"));
    m_hint->setWordWrap(true);
    m_hint->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    m_area->setObjectName(QStringLiteral("evaluationResult"));
    m_area->setAccessibleName(tr("Result of the evaluation"));
    m_area->setFrameShape(QFrame::NoFrame);
    m_area->setWidgetResizable(true);
    m_area->setWidget(makeResult());
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, look::kGrid, 0, 0);
    layout->setSpacing(look::kGrid);
    layout->addWidget(makeHead());
    layout->addWidget(m_progress);
    layout->addWidget(m_hint);
    layout->addWidget(m_area, 1);
    connect(m_begin, &QPushButton::clicked, this, &EvaluationView::begin);
    connect(m_stop, &QPushButton::clicked, &manager.evaluator(), &managers::RunEvaluator::cancel);
    connect(m_own, &QPushButton::clicked, this, [this] {
        m_file.clear();
        showSource();
    });
    connect(&manager.evaluator(), &managers::RunEvaluator::changed, this, &EvaluationView::showWork);
    showSource();
    showWork();
}

QWidget* EvaluationView::makeHead() {
    auto* head = new QWidget(this);
    m_source->setObjectName(QStringLiteral("evaluationSource"));
    m_source->setTextFormat(Qt::PlainText);
    m_own->setObjectName(QStringLiteral("ownRows"));
    auto* choose = new QPushButton(tr("Choose a file…"), head);
    choose->setObjectName(QStringLiteral("chooseEvaluationFile"));
    connect(choose, &QPushButton::clicked, this, &EvaluationView::chooseFile);
    m_answerRows->setObjectName(QStringLiteral("answerRows"));
    m_answerRows->setRange(0, kMostAnswers);
    m_answerRows->setValue(managers::EvaluationWish().answerRows);
    m_answerRows->setToolTip(tr("So many of the first questions are answered, by the base model and with the "
                                "adapter: this takes most of the time"));
    m_match->setObjectName(QStringLiteral("answerMatch"));
    const std::pair<AnswerMatch, QString> matches[] = {
        {AnswerMatch::Auto, tr("as the data allows")},
        {AnswerMatch::Number, tr("its number after #### is the data's")},
        {AnswerMatch::Exact, tr("it is the data's answer")},
        {AnswerMatch::Contains, tr("it contains the data's answer")},
        {AnswerMatch::None, tr("answers are only shown")},
    };
    for (const auto& [match, words] : matches)
        m_match->addItem(words, static_cast<int>(match));
    const auto labelled = [head](const QString& words, QWidget* of) {
        auto* label = new QLabel(words, head);
        label->setBuddy(of);
        of->setAccessibleName(words);
        return label;
    };
    auto* sources = new QHBoxLayout;
    sources->setSpacing(look::kGrid);
    sources->addWidget(new QLabel(tr("Measured on"), head));
    sources->addWidget(m_source, 1);
    sources->addWidget(m_own);
    sources->addWidget(choose);
    auto* choices = new QHBoxLayout;
    choices->setSpacing(look::kGrid);
    choices->addWidget(labelled(tr("Questions answered"), m_answerRows));
    choices->addWidget(m_answerRows);
    choices->addSpacing(2 * look::kGrid);
    choices->addWidget(labelled(tr("An answer is right when"), m_match));
    choices->addWidget(m_match);
    choices->addStretch(1);
    choices->addWidget(m_stop);
    choices->addWidget(m_begin);
    auto* column = new QVBoxLayout(head);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(look::kGrid);
    column->addLayout(sources);
    column->addLayout(choices);
    return head;
}

QWidget* EvaluationView::makeResult() {
    auto* page = new QWidget;
    makeReadOnly(*m_figures, QStringLiteral("evaluationFigures"), tr("Loss of base and adapter"));
    makeReadOnly(*m_rows, QStringLiteral("evaluationRows"), tr("Best and worst rows"));
    m_figures->setHorizontalHeaderLabels({QString(), tr("Loss"), tr("Perplexity"), tr("Right answers")});
    m_rows->setHorizontalHeaderLabels({tr("Rows"), tr("Loss"), tr("Base"), tr("Line"), tr("Text")});
    m_figures->horizontalHeaderItem(2)->setToolTip(
        tr("Between how many words of its vocabulary the model hesitates on average"));
    m_counts->setObjectName(QStringLiteral("evaluationCounts"));
    m_counts->setTextFormat(Qt::PlainText);
    m_counts->setWordWrap(true);
    auto* answers = new QWidget(page);
    answers->setObjectName(QStringLiteral("evaluationAnswers"));
    answers->setLayout(m_answers);
    m_answers->setContentsMargins(0, 0, 0, 0);
    m_answers->setSpacing(2 * look::kGrid);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, look::kGrid, 0);
    column->setSpacing(look::kGrid);
    column->addWidget(m_figures);
    column->addWidget(m_counts);
    column->addWidget(m_rows);
    column->addWidget(answers);
    column->addStretch(1);
    return page;
}

void EvaluationView::showRun(const managers::RunDetails& details) {
    const jobs::RunRecord& record = details.info.record;
    const QString name = toQt(details.info.name);
    if (name != m_run) {
        m_file.clear();
        m_shownAt.clear();
    }
    m_run = name;
    m_canEvaluate = !record.adapterFolder.empty() && record.state != jobs::RunState::Running;
    m_hasResult = details.evaluation.has_value();
    if (m_hasResult) showReport(*details.evaluation);
    showSource();
    showWork();
}

void EvaluationView::begin() {
    if (!m_canEvaluate || m_manager.evaluator().job() != nullptr) return;
    managers::EvaluationWish wish;
    wish.run = m_run;
    wish.file = m_file;
    wish.answerRows = m_answerRows->value();
    wish.match = static_cast<AnswerMatch>(m_match->currentData().toInt());
    m_manager.evaluate(wish);
}

void EvaluationView::chooseFile() {
    auto* dialog = new QFileDialog(this, tr("Rows to measure on"));
    dialog->setObjectName(QStringLiteral("evaluationFileDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters({dataFilter(), tr("All files (*)")});
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
        m_file = path;
        showSource();
    });
    dialog->open();
}

void EvaluationView::showSource() {
    m_source->setText(m_file.isEmpty() ? tr("the rows that the run kept from training") : fileName(m_file));
    m_source->setToolTip(m_file);
    m_own->setVisible(!m_file.isEmpty());
}

void EvaluationView::showWork() {
    managers::RunEvaluator& evaluator = m_manager.evaluator();
    managers::Job* job = evaluator.job();
    const bool isHere = job != nullptr && evaluator.runAtWork() == m_run;
    if (isHere) m_progress->follow(*job);
    m_progress->setVisible(isHere);
    m_stop->setVisible(isHere);
    m_begin->setText(m_hasResult ? tr("Evaluate again") : tr("Evaluate"));
    m_begin->setEnabled(m_canEvaluate && job == nullptr);
    m_begin->setToolTip(job != nullptr && !isHere ? tr("Another run is being evaluated")
                        : m_canEvaluate           ? tr("Measure the base model and the adapter")
                                                  : tr("The run has no finished adapter yet"));
    m_hint->setText(m_canEvaluate ? tr("How well the adapter does on rows that it did not learn from, beside "
                                       "its base model: loss, best and worst rows, right answers.")
                                  : tr("A run can be evaluated when its adapter is finished."));
    m_hint->setVisible(!m_hasResult);
    m_area->setVisible(m_hasResult);
}

void EvaluationView::showReport(const jobs::EvaluationReport& report) {
    const QString at = toQt(report.evaluatedAt);
    if (at == m_shownAt) return;
    m_shownAt = at;
    showFigures(report);
    showRows(report);
    showAnswers(report);
}

void EvaluationView::showFigures(const jobs::EvaluationReport& report) {
    m_figures->setRowCount(0);
    const auto right = [&report](const std::optional<int>& matched) {
        return matched && report.compared > 0 ? partText(*matched, report.compared) : QString();
    };
    if (report.base)
        addRow(*m_figures, {tr("Base model"), number(report.base->loss), number(report.base->perplexity),
                            right(report.baseMatched)});
    addRow(*m_figures, {tr("With the adapter"), number(report.figures.loss),
                        number(report.figures.perplexity), right(report.matched)});
    fitHeight(*m_figures);
    QStringList files;
    for (const auto& file : report.files)
        files << managers::pathToQt(file.filename());
    QString counts =
        tr("%1 of %2, %3 of them cut; %4 of %5 count. Evaluated %6.")
            .arg(rowsText(report.rows), files.join(QStringLiteral(", ")), managers::countText(report.cutRows),
                 managers::countText(report.supervisedTokens), tokensText(report.tokens),
                 toQt(report.evaluatedAt).left(16).replace(u'T', u' '));
    if (!report.answers.empty() && report.compared == 0)
        counts += u' ' + tr("The data has no answers that can be checked so; they are only shown.");
    m_counts->setText(counts);
}

void EvaluationView::showRows(const jobs::EvaluationReport& report) {
    m_rows->setRowCount(0);
    const auto add = [this](const QString& kind, const std::vector<jobs::EvaluatedRow>& rows) {
        for (const jobs::EvaluatedRow& row : rows)
            addRow(*m_rows,
                   {kind, number(row.loss), row.baseLoss ? number(*row.baseLoss) : QString(),
                    QString::number(row.line), cellText(row.text)},
                   hoverText(row.text));
    };
    add(tr("worst"), report.worst);
    add(tr("best"), report.best);
    m_rows->setVisible(m_rows->rowCount() > 0);
    fitHeight(*m_rows);
}

void EvaluationView::showAnswers(const jobs::EvaluationReport& report) {
    while (QLayoutItem* item = m_answers->takeAt(0)) {
        if (item->widget() != nullptr) item->widget()->deleteLater();
        delete item;
    }
    const std::size_t count = std::min(report.answers.size(), kShownAnswers);
    for (const jobs::EvaluatedAnswer& answer : std::span(report.answers).first(count)) {
        auto* widget = new QWidget(m_answers->parentWidget());
        auto* column = new QVBoxLayout(widget);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(look::kGrid);
        column->addWidget(makeQuestion(toQt(answer.question), widget));
        auto* sides = new QHBoxLayout;
        sides->setSpacing(look::kGrid);
        if (answer.baseAnswer)
            sides->addWidget(makeAnswerCard(verdictText(tr("Base model"), answer.isBaseRight),
                                            toQt(*answer.baseAnswer), widget),
                             1);
        sides->addWidget(
            makeAnswerCard(verdictText(tr("With the adapter"), answer.isRight), toQt(answer.answer), widget),
            1);
        sides->addWidget(makeAnswerCard(tr("In the data"), toQt(answer.reference), widget), 1);
        column->addLayout(sides);
        m_answers->addWidget(widget);
    }
    if (count == report.answers.size()) return;
    m_answers->addWidget(look::makeNote(
        tr("%1 more answers are in the report.").arg(managers::countText(report.answers.size() - count)),
        m_answers->parentWidget()));
}

} // namespace llamahome::widgets
