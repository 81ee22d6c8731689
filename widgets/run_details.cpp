#include "widgets/run_details.h"

#include <algorithm>

#include <QFontDatabase>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QTabWidget>
#include <QTableWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include "core/quantity.h"
#include "items/run_table.h"
#include "managers/quantity_words.h"
#include "managers/text.h"
#include "managers/window_words.h"
#include "widgets/answers_view.h"
#include "widgets/buttons.h"
#include "widgets/copy_text.h"
#include "widgets/elided_label.h"
#include "widgets/evaluation_view.h"
#include "widgets/icons.h"
#include "widgets/look.h"
#include "widgets/remedy_buttons.h"
#include "widgets/run_chart.h"
#include "widgets/run_note_edit.h"

namespace llamahome::widgets {
namespace {

using managers::toQt;

QString stateText(const jobs::RunRecord& record) {
    QStringList parts{items::runStateWord(record.state)};
    if (!record.cause.empty()) parts << managers::windowText(record.cause);
    const bool isThrough = record.state == jobs::RunState::Finished && record.step == record.totalSteps;
    if (record.totalSteps > 0 && !isThrough)
        parts << RunDetailsView::tr("step %1 of %2").arg(record.step).arg(record.totalSteps);
    if (record.best)
        parts << RunDetailsView::tr("best loss %1 at step %2")
                     .arg(toQt(formatNumber(record.best->evalLoss)))
                     .arg(record.best->step);
    return parts.join(QStringLiteral(" · "));
}

void addRow(QTableWidget& table, const QString& key, const QString& value) {
    const int row = table.rowCount();
    table.insertRow(row);
    for (int column = 0; column < 2; ++column) {
        auto* item = new QTableWidgetItem(column == 0 ? key : value);
        item->setToolTip(item->text());
        item->setFlags(Qt::ItemIsSelectable | Qt::ItemIsEnabled);
        table.setItem(row, column, item);
    }
}

} // namespace

RunDetailsView::RunDetailsView(managers::RunManager& manager, QWidget* parent)
    : QWidget(parent)
    , m_manager(manager)
    , m_remedies(new RemedyButtons(this))
    , m_tabs(new QTabWidget(this))
    , m_chart(new RunChart(this))
    , m_settings(new QTableWidget(0, 2, this))
    , m_note(new RunNoteEdit(this))
    , m_log(new QPlainTextEdit(this))
    , m_answers(new AnswersView(tr("This run kept no answers."), this))
    , m_evaluation(new EvaluationView(manager, this)) {
    setObjectName(QStringLiteral("runDetails"));
    m_remedies->setObjectName(QStringLiteral("runRemedies"));
    m_tabs->setObjectName(QStringLiteral("runTabs"));
    m_tabs->setDocumentMode(true);
    m_settings->setObjectName(QStringLiteral("runSettings"));
    m_settings->setAccessibleName(tr("Settings of the run"));
    m_settings->setHorizontalHeaderLabels({tr("Setting"), tr("Value")});
    m_settings->horizontalHeader()->setStretchLastSection(true);
    m_settings->verticalHeader()->hide();
    m_settings->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + look::kGrid);
    m_settings->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_settings->setTabKeyNavigation(false);
    m_settings->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_settings->setShowGrid(false);
    m_settings->setFrameShape(QFrame::NoFrame);
    m_log->setObjectName(QStringLiteral("runLog"));
    m_log->setAccessibleName(tr("Log of the run"));
    m_log->setReadOnly(true);
    m_log->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_log->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_log->setFrameShape(QFrame::NoFrame);
    m_log->setPlaceholderText(tr("This run has no log."));
    m_tabs->addTab(m_chart, tr("Cu&rves"));
    m_tabs->addTab(m_settings, tr("S&ettings"));
    m_tabs->addTab(m_answers, tr("A&nswers"));
    m_tabs->addTab(m_evaluation, tr("E&valuation"));
    m_tabs->addTab(m_note, tr("N&ote"));
    m_tabs->addTab(m_log, tr("&Log"));
    connect(m_chart, &RunChart::pictureWanted, &manager, &managers::RunManager::savePicture);
    connect(m_chart, &RunChart::numbersWanted, this,
            [this](const QString& path) { m_manager.exportMetrics(m_name, path); });
    connect(m_note, &RunNoteEdit::noted, &manager, &managers::RunManager::setNote);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(look::kGrid);
    layout->addWidget(makeHead());
    layout->addWidget(m_remedies);
    layout->addWidget(m_tabs, 1);
}

QWidget* RunDetailsView::makeHead() {
    auto* head = new QWidget(this);
    m_title = new ElidedLabel(head);
    m_title->setFont(look::titleFont());
    m_title->setObjectName(QStringLiteral("runTitle"));
    m_state = look::makeNote({}, head);
    m_state->setObjectName(QStringLiteral("runState"));
    m_state->setTextFormat(Qt::PlainText);
    m_state->setWordWrap(true);
    m_continue = makeButton(tr("&Continue"), Icon::Start, QStringLiteral("continueButton"), head);
    m_continue->setToolTip(tr("Go on from the last checkpoint, as if it had never stopped"));
    m_continue->setIcon(icon(Icon::Start, QPalette::BrightText));
    look::makePrimary(*m_continue);
    m_chat = makeButton(tr("C&hat"), Icon::Chat, QStringLiteral("chatButton"), head);
    m_chat->setToolTip(tr("Talk to the model with the adapter of this run"));
    m_evaluate = makeButton(tr("Evaluate"), Icon::Verify, QStringLiteral("evaluateButton"), head);
    m_evaluate->setToolTip(tr("Measure what the run gained, on rows that it did not learn from"));
    m_report = makeButton(tr("Re&port…"), Icon::Folder, QStringLiteral("reportButton"), head);
    m_report->setToolTip(tr("Save one HTML file with settings, data, curves, answers and evaluation"));
    m_remove = makeButton(tr("Re&move…"), Icon::Remove, QStringLiteral("removeButton"), head);
    m_copy = makeButton(tr("Copy as command"), Icon::Copy, QStringLiteral("copyCommandButton"), head);
    auto* words = new QVBoxLayout;
    words->setSpacing(0);
    words->addWidget(m_title);
    words->addWidget(m_state);
    auto* layout = new QHBoxLayout(head);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(look::kGrid);
    layout->addLayout(words, 1);
    for (QPushButton* button : {m_continue, m_chat, m_evaluate, m_report, m_remove, m_copy})
        layout->addWidget(button, 0, Qt::AlignTop);
    layout->addWidget(makeMore(head), 0, Qt::AlignTop);
    connect(m_continue, &QPushButton::clicked, this, [this] { Q_EMIT continueRequested(m_name, {}); });
    connect(m_remedies, &RemedyButtons::chosen, this, [this](const std::vector<jobs::RunSetting>& changes) {
        Q_EMIT continueRequested(m_name, changes);
    });
    connect(m_chat, &QPushButton::clicked, this, [this] { Q_EMIT chatRequested(m_model, m_adapter); });
    connect(m_evaluate, &QPushButton::clicked, this, &RunDetailsView::openEvaluation);
    connect(m_report, &QPushButton::clicked, this, [this] { Q_EMIT reportRequested(m_name); });
    connect(m_remove, &QPushButton::clicked, this, [this] { Q_EMIT removeRequested(m_name); });
    connect(m_copy, &QPushButton::clicked, this, [this] {
        copyFrom(*m_copy, m_isUnfinished ? m_manager.resumeCommand(m_name) : m_manager.showCommand(m_name));
    });
    return head;
}

QToolButton* RunDetailsView::makeMore(QWidget* parent) {
    auto* menu = new QMenu(parent);
    m_trainAgain = menu->addAction(icon(Icon::Training), tr("&Train again with these settings"), this,
                                   [this] { Q_EMIT trainAgainRequested(m_details); });
    m_trainAgain->setObjectName(QStringLiteral("trainAgain"));
    m_merge = menu->addAction(tr("&Merge into the model…"), this,
                              [this] { Q_EMIT adapterExportRequested(m_adapter, jobs::ExportFormat::Hub); });
    m_merge->setObjectName(QStringLiteral("mergeAdapter"));
    m_export = menu->addAction(tr("Export &adapter and model…"), this, [this] {
        Q_EMIT adapterExportRequested(m_adapter, jobs::ExportFormat::Gguf);
    });
    m_export->setObjectName(QStringLiteral("exportAdapter"));
    QAction* save = menu->addAction(icon(Icon::Folder), tr("E&xport the numbers…"), this,
                                    [this] { Q_EMIT exportRequested(m_name); });
    save->setObjectName(QStringLiteral("exportNumbers"));
    auto* more = new QToolButton(parent);
    more->setObjectName(QStringLiteral("moreButton"));
    more->setIcon(icon(Icon::More));
    more->setAccessibleName(tr("More that can be done with the run"));
    more->setToolTip(tr("Train again, merge, export"));
    more->setPopupMode(QToolButton::InstantPopup);
    more->setFocusPolicy(Qt::StrongFocus);
    more->setMenu(menu);
    return more;
}

void RunDetailsView::showRun(const managers::RunDetails& details) {
    const jobs::RunRecord& record = details.info.record;
    m_details = details;
    const bool isSame = m_name == toQt(details.info.name);
    m_name = toQt(details.info.name);
    m_model = record.family.empty() ? QString() : toQt(record.family + "/" + record.version);
    m_adapter =
        record.adapterFolder.empty() ? QString() : managers::pathToQt(record.adapterFolder.filename());
    m_isRunning = record.state == jobs::RunState::Running;
    m_isUnfinished = jobs::canResume(details.info);
    m_title->showText(m_name);
    m_state->setText(stateText(record));
    if (!isSame) m_chart->showRuns({{m_name, &m_manager.metrics()}});
    showSettings(details.info);
    m_answers->setAnswers(details.samples);
    m_evaluation->showRun(details);
    m_note->showNote(m_name, details.note);
    m_log->setPlainText(details.log);
    m_log->verticalScrollBar()->setValue(m_log->verticalScrollBar()->maximum());
    showActions();
}

void RunDetailsView::showNote() {
    m_tabs->setCurrentWidget(m_note);
    m_note->setFocus();
}

void RunDetailsView::openEvaluation() {
    m_tabs->setCurrentWidget(m_evaluation);
    if (!m_evaluation->hasResult()) m_evaluation->begin();
}

void RunDetailsView::setCanContinue(bool on) {
    m_canContinue = on;
    showActions();
}

void RunDetailsView::showActions() {
    m_continue->setVisible(m_isUnfinished && !jobs::endsAlike(m_details.info.record.code));
    m_remedies->showRemedies(m_details.info.remedies);
    m_remedies->setEnabled(m_canContinue);
    m_continue->setEnabled(m_canContinue);
    m_continue->setToolTip(m_canContinue ? tr("Go on from the last checkpoint, as if it had never stopped")
                                         : tr("Another run is training"));
    m_trainAgain->setEnabled(m_details.settings && !m_model.isEmpty());
    m_chat->setVisible(!m_adapter.isEmpty() && !m_model.isEmpty());
    m_evaluate->setVisible(!m_adapter.isEmpty() && !m_isRunning);
    m_merge->setEnabled(m_chat->isVisibleTo(this));
    m_export->setEnabled(m_chat->isVisibleTo(this));
    m_remove->setEnabled(!m_isRunning);
    m_remove->setToolTip(m_isRunning ? tr("Stop the run first") : tr("Delete the run's files"));
    m_copy->setToolTip(m_isUnfinished ? m_manager.resumeCommand(m_name) : m_manager.showCommand(m_name));
}

void RunDetailsView::showSettings(const jobs::RunInfo& info) {
    const jobs::RunRecord& record = info.record;
    m_settings->setRowCount(0);
    if (!m_model.isEmpty()) addRow(*m_settings, tr("Model"), m_model);
    for (const jobs::RunDataFile& file : record.dataFiles)
        addRow(*m_settings, tr("Data"),
               tr("%1, %2").arg(managers::pathToQt(file.path), toQt(formatBytes(file.sizeBytes))));
    if (record.validationFile)
        addRow(*m_settings, tr("Validation data"), managers::pathToQt(record.validationFile->path));
    addRow(*m_settings, tr("Folder"), managers::pathToQt(info.path));
    if (!m_adapter.isEmpty()) addRow(*m_settings, tr("Adapter"), m_adapter);
    if (!record.commandLine.empty()) addRow(*m_settings, tr("Begun by"), toQt(record.commandLine));
    for (const jobs::RunChange& change : record.changes)
        addRow(*m_settings, tr("Changed after step %1").arg(change.step),
               tr("%1: %2 → %3")
                   .arg(toQt(change.key), managers::typedRecord(change.key, change.from),
                        managers::typedRecord(change.key, change.to)));
    for (const jobs::RunSetting& setting : record.settings)
        addRow(*m_settings, toQt(setting.key), managers::typedRecord(setting.key, setting.value));
    m_settings->resizeColumnToContents(0);
}

} // namespace llamahome::widgets
