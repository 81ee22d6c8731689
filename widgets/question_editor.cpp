#include "widgets/question_editor.h"

#include <algorithm>
#include <utility>

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QPushButton>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "managers/text.h"
#include "widgets/buttons.h"
#include "widgets/dropped_paths.h"
#include "widgets/icons.h"
#include "widgets/look.h"
#include "widgets/message_bar.h"
#include "widgets/training_words.h"

namespace llamahome::widgets {

using items::QuestionTable;
using managers::fromQt;
using managers::toQt;

namespace {

constexpr int kWidth = 110 * look::kGrid;
constexpr int kHeight = 76 * look::kGrid;
constexpr int kQuestionWidth = 40 * look::kGrid;

const QString& usualName() {
    static const QString name = QStringLiteral("my_questions");
    return name;
}

const QString& ending() {
    static const QString text = QStringLiteral(".jsonl");
    return text;
}

/// A cell as a spreadsheet takes it.
QString quotedCell(const QString& text) {
    if (!text.contains(u'\t') && !text.contains(u'\n') && !text.contains(u'"')) return text;
    return u'"' + QString(text).replace(u'"', QStringLiteral("\"\"")) + u'"';
}

} // namespace

QuestionEditor::QuestionEditor(managers::TrainingSetup& setup, QWidget* parent)
    : QDialog(parent)
    , m_setup(setup)
    , m_desk(setup.makeQuestionDesk(this))
    , m_table(new QuestionTable(this)) {
    setObjectName(QStringLiteral("questionEditor"));
    setWindowTitle(tr("Questions and answers"));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(kWidth, kHeight);
    build();
    connectAll();
    showCount();
    if (m_setup.samples().contains(path())) {
        m_reading = path();
        m_desk->read(m_reading);
    }
    m_view->setFocus();
}

void QuestionEditor::build() {
    m_messages = new MessageBar(this);
    m_view = new QTableView(this);
    m_view->setObjectName(QStringLiteral("questionTable"));
    m_view->setAccessibleName(tr("Questions and answers"));
    m_view->setModel(m_table);
    m_view->setWordWrap(true);
    m_view->setTabKeyNavigation(true);
    m_view->setAlternatingRowColors(true);
    m_view->horizontalHeader()->resizeSection(QuestionTable::Question, kQuestionWidth);
    m_view->horizontalHeader()->setStretchLastSection(true);
    m_view->verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_view->setCurrentIndex(m_table->index(0, 0));
    m_name = new QLineEdit(usualName(), this);
    m_name->setObjectName(QStringLiteral("tableName"));
    auto* nameLabel = new QLabel(tr("&Name"), this);
    nameLabel->setBuddy(m_name);
    m_count = look::makeNote({}, this);
    m_count->setObjectName(QStringLiteral("questionCount"));
    auto* cancel = makeDialogButton(tr("Close"), QStringLiteral("closeButton"), this);
    connect(cancel, &QPushButton::clicked, this, &QuestionEditor::reject);
    m_save = makeDialogButton(tr("&Save and train on it"), QStringLiteral("saveTableButton"), this);
    m_save->setAutoDefault(false);
    cancel->setAutoDefault(false);
    look::makePrimary(*m_save);
    auto* foot = new QHBoxLayout;
    foot->setSpacing(look::kGrid);
    foot->addWidget(nameLabel);
    foot->addWidget(m_name);
    foot->addWidget(m_count, 1);
    foot->addWidget(cancel);
    foot->addWidget(m_save);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid);
    column->setSpacing(look::kGrid);
    column->addWidget(m_messages);
    column->addWidget(makeTools());
    column->addWidget(m_view, 1);
    column->addLayout(foot);
}

QWidget* QuestionEditor::makeTools() {
    auto* tools = new QWidget(this);
    auto* row = new QHBoxLayout(tools);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid / 2);
    const auto add = [&](const QString& words, const char* name, const QList<QKeySequence>& keys,
                         auto function) {
        auto* action = new QAction(words, this);
        action->setShortcuts(keys);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        m_view->addAction(action);
        connect(action, &QAction::triggered, this, function);
        auto* button = new QToolButton(tools);
        button->setObjectName(QLatin1String(name));
        button->setDefaultAction(action);
        button->setFocusPolicy(Qt::StrongFocus);
        row->addWidget(button);
        return action;
    };
    add(tr("Paste"), "pasteCells", {QKeySequence(QKeySequence::Paste)}, [this] { paste(); });
    add(tr("Copy"), "copyCells", {QKeySequence(QKeySequence::Copy)}, [this] { copy(); });
    add(tr("Remove rows"), "removeRows", {QKeySequence(QKeySequence::Delete)}, [this] { removeRows(); });
    m_undo = add(tr("Undo"), "undoChange", {QKeySequence(QKeySequence::Undo)}, [this] { m_table->undo(); });
    m_redo = add(tr("Redo"), "redoChange", QKeySequence::keyBindings(QKeySequence::Redo),
                 [this] { m_table->redo(); });
    add(tr("Add from a file…"), "addFromFile", {}, [this] { addFromFile(); });
    row->addStretch(1);
    return tools;
}

void QuestionEditor::connectAll() {
    connect(m_table, &QuestionTable::changed, this, &QuestionEditor::showCount);
    connect(m_name, &QLineEdit::textChanged, this, &QuestionEditor::showCount);
    connect(m_save, &QPushButton::clicked, this, &QuestionEditor::save);
    connect(m_desk, &managers::QuestionDesk::wasRead, this, &QuestionEditor::takeRows);
    connect(m_desk, &managers::QuestionDesk::wasWritten, this, [this](const QString& file) {
        m_table->markSaved();
        m_setup.readSamples();
        Q_EMIT chosen(file);
        accept();
    });
    connect(m_desk, &managers::QuestionDesk::failed, this, [this](const Error& error) {
        m_reading.clear();
        m_messages->showFailure(error);
        showCount();
    });
}

void QuestionEditor::takeRows(const QString& from, const std::vector<jobs::QuestionAnswer>& rows) {
    QList<QuestionTable::Row> taken;
    for (const jobs::QuestionAnswer& row : rows)
        taken.append({toQt(row.question), toQt(row.answer)});
    const bool isOwn = from == std::exchange(m_reading, QString());
    if (isOwn) m_opened = from;
    if (isOwn && m_table->rows().isEmpty())
        m_table->load(taken);
    else
        m_table->append(taken);
}

void QuestionEditor::paste() {
    const auto cells = items::spreadsheetCells(QApplication::clipboard()->text());
    if (!cells.isEmpty() && m_view->currentIndex().isValid()) m_table->paste(m_view->currentIndex(), cells);
}

void QuestionEditor::copy() const {
    QModelIndexList cells = m_view->selectionModel()->selectedIndexes();
    std::sort(cells.begin(), cells.end());
    QString text;
    for (qsizetype i = 0; i < cells.size(); ++i) {
        if (i > 0) text += cells[i].row() == cells[i - 1].row() ? u'\t' : u'\n';
        text += quotedCell(cells[i].data(Qt::EditRole).toString());
    }
    QApplication::clipboard()->setText(text);
}

QList<int> QuestionEditor::selectedRows() const {
    QList<int> rows;
    for (const QModelIndex& cell : m_view->selectionModel()->selectedIndexes())
        if (!rows.contains(cell.row())) rows << cell.row();
    return rows;
}

void QuestionEditor::removeRows() {
    m_table->remove(selectedRows());
}

void QuestionEditor::addFromFile() {
    auto* dialog = new QFileDialog(this, tr("Add rows from a file"));
    dialog->setObjectName(QStringLiteral("rowsDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters({dataFilter(), tr("All files (*)")});
    connect(dialog, &QFileDialog::fileSelected, m_desk, &managers::QuestionDesk::read);
    dialog->open();
}

QString QuestionEditor::path() const {
    QString name = m_name->text().trimmed();
    if (name.endsWith(ending())) name.chop(ending().size());
    return name.isEmpty() || name.contains(u'/') || name.startsWith(u'.') ? QString()
                                                                          : m_desk->pathOf(name + ending());
}

void QuestionEditor::save() {
    const QString file = path();
    std::vector<jobs::QuestionAnswer> rows;
    for (const QuestionTable::Row& row : m_table->wholeRows())
        rows.push_back({fromQt(row.question), fromQt(row.answer)});
    m_save->setEnabled(false);
    m_desk->write(file, std::move(rows), file == m_opened);
}

void QuestionEditor::showCount() {
    const auto whole = static_cast<quint64>(m_table->wholeRows().size());
    const auto unfinished = static_cast<quint64>(m_table->unfinishedRows());
    QStringList words{rowsText(whole)};
    if (unfinished > 0) words << tr("%1 without an answer or question, left out").arg(rowsText(unfinished));
    m_count->setText(words.join(QStringLiteral(" · ")));
    m_undo->setEnabled(m_table->canUndo());
    m_redo->setEnabled(m_table->canRedo());
    m_save->setEnabled(whole > 0 && !path().isEmpty() && m_reading.isEmpty());
}

void QuestionEditor::reject() {
    if (!m_table->isChanged()) return QDialog::reject();
    auto* question =
        new QMessageBox(QMessageBox::Question, tr("Close without saving?"),
                        tr("What you changed in the table is not saved."), QMessageBox::NoButton, this);
    question->setObjectName(QStringLiteral("unsavedQuestion"));
    question->setAttribute(Qt::WA_DeleteOnClose);
    auto* discard = question->addButton(tr("Close without saving"), QMessageBox::DestructiveRole);
    discard->setObjectName(QStringLiteral("discardButton"));
    question->setDefaultButton(question->addButton(tr("Go on writing"), QMessageBox::RejectRole));
    connect(discard, &QAbstractButton::clicked, this, [this] { QDialog::reject(); });
    question->open();
}

} // namespace llamahome::widgets
