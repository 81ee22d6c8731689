#include "widgets/runs_pane.h"

#include <utility>

#include <QAction>
#include <QFileDialog>
#include <QFileInfo>
#include <QHeaderView>
#include <QInputDialog>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QSplitter>
#include <QStackedWidget>
#include <QTableView>
#include <QVBoxLayout>

#include "core/error_codes.h"
#include "core/quantity.h"
#include "managers/text.h"
#include "widgets/icons.h"
#include "widgets/look.h"
#include "widgets/message_bar.h"
#include "widgets/run_comparison.h"
#include "widgets/run_details.h"
#include "widgets/run_remove_dialog.h"

namespace llamahome::widgets {
namespace {

using items::RunTable;
using managers::RunManager;

enum DetailsPage { NothingPage, OnePage, SeveralPage };

constexpr int kTableHeight = 216;
constexpr int kDetailsHeight = 400;

} // namespace

RunsPane::RunsPane(RunManager& runs, managers::TrainingManager& training, WindowMemory& memory,
                   QWidget* parent)
    : QWidget(parent)
    , m_runs(runs)
    , m_training(training)
    , m_model(new RunTable(runs, this))
    , m_sorted(new QSortFilterProxyModel(this))
    , m_table(new QTableView(this))
    , m_message(new MessageBar(this))
    , m_stack(new QStackedWidget(this))
    , m_details(new QStackedWidget(this))
    , m_nothing(look::makeNote(tr("Choose a run to see its curves; choose several to compare them."), this))
    , m_one(new RunDetailsView(runs, this))
    , m_several(new RunComparisonView(runs, this)) {
    setObjectName(QStringLiteral("runsPane"));
    makeTable();
    m_nothing->setAlignment(Qt::AlignCenter);
    m_details->addWidget(m_nothing);
    m_details->addWidget(m_one);
    m_details->addWidget(m_several);
    auto* splitter = new QSplitter(Qt::Vertical, this);
    splitter->setObjectName(QStringLiteral("runsSplitter"));
    splitter->setChildrenCollapsible(false);
    splitter->setHandleWidth(2 * look::kGrid);
    splitter->addWidget(m_table);
    splitter->addWidget(m_details);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({kTableHeight, kDetailsHeight});
    memory.keep(*splitter, QStringLiteral("runs/splitter"));
    memory.keep(*m_table->horizontalHeader(), QStringLiteral("runs/columns"));
    m_stack->addWidget(makeEmpty());
    m_stack->addWidget(splitter);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, look::kGrid);
    layout->setSpacing(look::kGrid);
    layout->addWidget(look::makeTitle(tr("Runs"), this));
    layout->addWidget(m_message);
    layout->addWidget(m_stack, 1);
    setFocusProxy(m_table);
    connectAll();
    listChanged();
}

QWidget* RunsPane::makeEmpty() {
    auto* empty = new QWidget(m_stack);
    auto* title = look::makeTitle(tr("No runs yet"), empty);
    title->setObjectName(QStringLiteral("emptyTitle"));
    auto* note = look::makeNote(
        tr("Each training leaves a run here: its curves, settings, checkpoints and answers."), empty);
    auto* train = new QPushButton(icon(Icon::Training, QPalette::BrightText), tr("Go to &Training"), empty);
    train->setObjectName(QStringLiteral("toTrainingButton"));
    look::makePrimary(*train);
    connect(train, &QPushButton::clicked, this, &RunsPane::trainingRequested);
    auto* layout = new QVBoxLayout(empty);
    layout->setSpacing(look::kGrid);
    layout->addStretch(2);
    layout->addWidget(title, 0, Qt::AlignHCenter);
    layout->addWidget(note, 0, Qt::AlignHCenter);
    layout->addWidget(train, 0, Qt::AlignHCenter);
    layout->addStretch(3);
    return empty;
}

void RunsPane::makeTable() {
    m_sorted->setSourceModel(m_model);
    m_sorted->setSortRole(RunTable::SortRole);
    m_sorted->setSortCaseSensitivity(Qt::CaseInsensitive);
    m_table->setObjectName(QStringLiteral("runTable"));
    m_table->setTextElideMode(Qt::ElideMiddle); // names differ at their ends
    m_table->setAccessibleName(tr("Runs"));
    m_table->setModel(m_sorted);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_table->setSortingEnabled(true);
    m_table->sortByColumn(RunTable::When, Qt::DescendingOrder);
    m_table->setShowGrid(false);
    m_table->setWordWrap(false);
    m_table->setTabKeyNavigation(false);
    m_table->setAlternatingRowColors(true);
    m_table->setContextMenuPolicy(Qt::CustomContextMenu);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(m_table->fontMetrics().height() + look::kGrid);
    QHeaderView* header = m_table->horizontalHeader();
    header->setHighlightSections(false);
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_table->setFont(look::figureFont());
    header->setStretchLastSection(false);
    const int widths[] = {19, 20, 15, 10, 10, 11, 10, 8};
    for (int column = 0; column < RunTable::ColumnCount; ++column)
        header->resizeSection(column, widths[column] * look::kGrid);
    header->setSectionResizeMode(RunTable::Name, QHeaderView::Stretch);
    addActions();
}

void RunsPane::addActions() {
    const auto add = [this](const QString& text, const QKeySequence& keys, auto action) {
        auto* added = new QAction(text, m_table);
        added->setShortcut(keys);
        added->setShortcutContext(Qt::WidgetShortcut);
        connect(added, &QAction::triggered, this, action);
        m_table->addAction(added);
    };
    add(tr("Rename…"), Qt::Key_F2, [this] { askForName(); });
    add(tr("Remove…"), QKeySequence::Delete, [this] {
        if (const auto run = chosenRun()) m_runs.planRemoval(managers::toQt(run->name));
    });
}

std::optional<jobs::RunInfo> RunsPane::chosenRun() const {
    const auto names = selectedNames();
    return names.size() == 1 ? m_runs.find(names.front()) : std::nullopt;
}

void RunsPane::askForName() {
    const auto run = chosenRun();
    if (!run || run->record.state == jobs::RunState::Running) return;
    const QString name = managers::toQt(run->name);
    auto* dialog = new QInputDialog(this);
    dialog->setObjectName(QStringLiteral("renameRunDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Rename run %1").arg(name));
    dialog->setLabelText(tr("New name: letters, digits, '.', '_' and '-'"));
    dialog->setTextValue(name);
    dialog->setOkButtonText(tr("&Rename"));
    connect(dialog, &QInputDialog::textValueSelected, this, [this, name](const QString& text) {
        if (text.trimmed() != name) m_runs.rename(name, text.trimmed());
    });
    dialog->open();
}

void RunsPane::writeNote() {
    m_one->showNote();
}

void RunsPane::connectAll() {
    connect(&m_runs, &RunManager::runsChanged, this, &RunsPane::listChanged);
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &RunsPane::selectionChanged);
    connect(m_table, &QTableView::customContextMenuRequested, this, &RunsPane::showMenu);
    connect(&m_runs, &RunManager::detailsReady, this, [this](const managers::RunDetails& details) {
        if (selectedNames() != std::vector{managers::toQt(details.info.name)}) return;
        m_one->showRun(details);
        m_details->setCurrentIndex(OnePage);
        if (m_toEvaluate != managers::toQt(details.info.name)) return;
        m_toEvaluate.clear();
        m_one->openEvaluation();
    });
    connect(&m_runs, &RunManager::compared, this, [this](const managers::RunComparison& comparison) {
        if (selectedNames().size() < 2) return;
        m_several->showComparison(comparison);
        m_details->setCurrentIndex(SeveralPage);
    });
    connect(&m_runs, &RunManager::failed, this,
            [this](const Error& error) { m_message->showFailure(error); });
    connect(&m_runs, &RunManager::renamed, this, [this](const QString& name, const QString& newName) {
        m_renamed = newName;
        m_message->show(MessageBar::Kind::Notice, tr("Run %1 is now %2.").arg(name, newName));
    });
    connect(&m_runs, &RunManager::removalPlanned, this, &RunsPane::askToRemove);
    connect(&m_runs, &RunManager::removed, this, [this](const QString& name, quint64 bytes) {
        m_message->show(MessageBar::Kind::Notice,
                        tr("Run %1 removed, %2 freed.").arg(name, managers::toQt(formatBytes(bytes))));
    });
    connect(m_one, &RunDetailsView::continueRequested, this, &RunsPane::continueRequested);
    connect(m_one, &RunDetailsView::chatRequested, this, &RunsPane::chatRequested);
    connect(m_one, &RunDetailsView::adapterExportRequested, this, &RunsPane::adapterExportRequested);
    connect(m_one, &RunDetailsView::trainAgainRequested, this, &RunsPane::trainAgainRequested);
    connect(m_one, &RunDetailsView::exportRequested, this, &RunsPane::exportNumbers);
    connect(&m_runs, &RunManager::exported, this, [this](const QString& path) {
        m_message->show(MessageBar::Kind::Notice, tr("Saved as %1").arg(path));
    });
    connect(m_one, &RunDetailsView::removeRequested, this,
            [this](const QString& name) { m_runs.planRemoval(name); });
    connectEvaluation();
    const auto followTraining = [this] { m_one->setCanContinue(!m_training.isActive()); };
    connect(&m_training, &managers::TrainingManager::stateChanged, this, followTraining);
    followTraining();
}

void RunsPane::listChanged() {
    m_stack->setCurrentIndex(m_model->rowCount() == 0 && m_runs.isListed() ? 0 : 1);
    if (m_isFirstList && m_sorted->rowCount() > 0) {
        m_isFirstList = false;
        if (selectedNames().empty()) m_table->selectRow(0); // the newest
    }
    const QModelIndex renamed = m_model->indexOf(m_renamed);
    if (renamed.isValid()) {
        m_renamed.clear();
        m_shown = {renamed.data(RunTable::NameRole).toString()}; // what is told of it stays
        m_table->selectRow(m_sorted->mapFromSource(renamed).row());
    }
    if (!m_toEvaluate.isEmpty()) chooseRun(m_toEvaluate);
    const auto names = selectedNames();
    if (names.size() == 1) m_runs.readDetails(names.front()); // it may stand otherwise now
}

std::vector<QString> RunsPane::selectedNames() const {
    std::vector<QString> names;
    for (const QModelIndex& index : m_table->selectionModel()->selectedRows())
        names.push_back(index.data(RunTable::NameRole).toString());
    return names;
}

void RunsPane::selectionChanged() {
    const auto names = selectedNames();
    if (names == m_shown) return;
    m_shown = names;
    if (!names.empty() && names != std::vector{m_toEvaluate}) m_toEvaluate.clear();
    if (!names.empty()) m_message->clear();
    if (names.empty())
        m_details->setCurrentIndex(NothingPage);
    else if (names.size() == 1)
        m_runs.readDetails(names.front());
    else
        m_runs.compare(names);
}

void RunsPane::askWhere(const QString& title, const QString& objectName, const QString& proposal,
                        const QString& filter, std::function<void(const QString&)> then) {
    auto* dialog = new QFileDialog(this, title);
    dialog->setObjectName(objectName);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QFileInfo(proposal).suffix());
    dialog->setNameFilters({filter, tr("All files (*)")});
    dialog->selectFile(proposal);
    connect(dialog, &QFileDialog::fileSelected, &m_runs, std::move(then));
    dialog->open();
}

void RunsPane::exportNumbers(const QString& name) {
    askWhere(tr("Export the numbers of %1").arg(name), QStringLiteral("exportDialog"),
             name + QStringLiteral(".csv"), tr("CSV (*.csv)"),
             [this, name](const QString& path) { m_runs.exportMetrics(name, path); });
}

void RunsPane::saveReport(const QString& name) {
    askWhere(tr("Save a report of %1").arg(name), QStringLiteral("runReportDialog"),
             name + QStringLiteral(".html"), tr("Web page (*.html)"),
             [this, name](const QString& path) { m_runs.saveReport(name, path); });
}

void RunsPane::chooseRun(const QString& name) {
    for (int row = 0; row < m_sorted->rowCount(); ++row)
        if (m_sorted->index(row, 0).data(RunTable::NameRole).toString() == name) m_table->selectRow(row);
}

void RunsPane::openEvaluation(const QString& run) {
    m_toEvaluate = run;
    chooseRun(run);
    m_runs.readDetails(run);
}

void RunsPane::connectEvaluation() {
    managers::RunEvaluator& evaluator = m_runs.evaluator();
    connect(&evaluator, &managers::RunEvaluator::evaluated, this, [this](const QString& run) {
        m_message->show(MessageBar::Kind::Notice, tr("Run %1 is evaluated.").arg(run));
    });
    connect(&evaluator, &managers::RunEvaluator::failed, this, [this](const QString&, const Error& error) {
        if (error.code != codes::kCancelled) m_message->showFailure(error);
    });
    connect(m_one, &RunDetailsView::reportRequested, this, &RunsPane::saveReport);
    connect(&m_runs, &RunManager::reportSaved, this, [this](const QString& path) {
        m_message->show(MessageBar::Kind::Notice, tr("The report is in %1").arg(path));
    });
}

void RunsPane::askToRemove(const jobs::RunRemovalPlan& plan) {
    const auto run = m_runs.find(managers::toQt(plan.name));
    const bool hasAdapter = run && !run->record.adapterFolder.empty();
    auto* dialog = new RunRemoveDialog(plan, hasAdapter, this);
    connect(dialog, &QDialog::accepted, this, [this, plan] { m_runs.remove(plan); });
    dialog->open();
}

void RunsPane::showMenu(const QPoint& place) {
    const auto run = chosenRun();
    if (!run) return;
    const bool isAtRest = run->record.state != jobs::RunState::Running;
    auto* menu = new QMenu(this);
    menu->setObjectName(QStringLiteral("runMenu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    QAction* rename = menu->addAction(icon(Icon::Edit), tr("Re&name…"), this, &RunsPane::askForName);
    rename->setObjectName(QStringLiteral("renameRun"));
    rename->setShortcut(Qt::Key_F2);
    rename->setShortcutContext(Qt::WidgetShortcut);
    rename->setEnabled(isAtRest);
    menu->addAction(tr("N&ote"), this, &RunsPane::writeNote)->setObjectName(QStringLiteral("noteRun"));
    QAction* erase = menu->addAction(icon(Icon::Remove), tr("&Remove…"), this,
                                     [this, name = managers::toQt(run->name)] { m_runs.planRemoval(name); });
    erase->setEnabled(isAtRest);
    menu->popup(m_table->viewport()->mapToGlobal(place));
}

} // namespace llamahome::widgets
