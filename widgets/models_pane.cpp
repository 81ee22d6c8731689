#include "widgets/models_pane.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include <QAction>
#include <QComboBox>
#include <QDesktopServices>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QTreeView>
#include <QUrl>
#include <QVBoxLayout>

#include "items/model_table.h"
#include "managers/model_words.h"
#include "managers/text.h"
#include "widgets/buttons.h"
#include "widgets/export_dialog.h"
#include "widgets/icons.h"
#include "widgets/import_dialog.h"
#include "widgets/look.h"
#include "widgets/message_bar.h"
#include "widgets/model_details.h"
#include "widgets/place_list.h"
#include "widgets/remove_dialog.h"
#include "widgets/status_icons.h"
#include "widgets/verify_dialog.h"
#include "widgets/window_memory.h"

namespace llamahome::widgets {
namespace {

using items::ModelTable;
using managers::toQt;

const QString kShowKey = QStringLiteral("models/show");
constexpr int kListWidth = 66 * look::kGrid; ///< at first; the rest of the window is shared 3 to 2
constexpr int kDetailsWidth = 40 * look::kGrid;

} // namespace

ModelsPane::ModelsPane(managers::ModelManager& manager, managers::ExportManager& exports,
                       managers::JobList& jobs, WindowMemory& memory, QWidget* parent)
    : QWidget(parent)
    , m_manager(manager)
    , m_exports(exports)
    , m_jobs(jobs)
    , m_memory(memory)
    , m_table(new ModelTable(manager, this))
    , m_filter(new items::ModelFilter(this))
    , m_chosen(memory.value(QStringLiteral("models/chosen")).toString()) {
    setObjectName(QStringLiteral("modelsPane"));
    m_filter->setSourceModel(m_table);
    build();
    connectAll();
    showModels();
}

void ModelsPane::build() {
    m_messages = new MessageBar(this);
    m_details = new ModelDetails(m_manager, this);
    m_details->setObjectName(QStringLiteral("modelDetails"));
    m_splitter = new QSplitter(Qt::Horizontal, this);
    m_splitter->setChildrenCollapsible(false);
    m_splitter->addWidget(makeList());
    m_splitter->addWidget(m_details);
    m_splitter->setStretchFactor(0, 3);
    m_splitter->setStretchFactor(1, 2);
    m_details->setMinimumWidth(38 * look::kGrid);
    m_splitter->setSizes({kListWidth, kDetailsWidth});
    m_memory.keep(*m_splitter, QStringLiteral("models/splitter"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, look::kGrid);
    column->setSpacing(look::kGrid);
    column->addWidget(makeHeader());
    column->addWidget(m_messages);
    column->addWidget(m_splitter, 1);
    column->addWidget(new PlaceList(m_manager, this));
}

QWidget* ModelsPane::makeHeader() {
    auto* header = new QWidget(this);
    m_search = new QLineEdit(header);
    m_search->setObjectName(QStringLiteral("modelSearch"));
    m_search->setPlaceholderText(tr("Search models"));
    m_search->setAccessibleName(tr("Search models"));
    m_search->setClearButtonEnabled(true);
    m_search->setMaximumWidth(32 * look::kGrid);
    m_search->addAction(icon(Icon::Search), QLineEdit::LeadingPosition);
    m_show = new QComboBox(header);
    m_show->setObjectName(QStringLiteral("modelShow"));
    m_show->setAccessibleName(tr("Which models are shown"));
    using Show = items::ModelFilter::Show;
    for (const auto& [show, words] :
         std::initializer_list<std::pair<Show, QString>>{{Show::All, tr("All models")},
                                                         {Show::Ready, tr("Ready to use")},
                                                         {Show::Trainable, tr("Can be trained here")},
                                                         {Show::Absent, tr("Not installed")}})
        m_show->addItem(words, static_cast<int>(show));
    m_show->setCurrentIndex(std::max(0, m_show->findData(m_memory.value(kShowKey, 0))));
    m_get = makeButton(tr("&Get a model…"), Icon::Add, QStringLiteral("modelsGet"), header);
    m_get->setToolTip(tr("From the Hub, from Meta, from a mirror or a folder with a list of hashes."));
    m_import = new QPushButton(icon(Icon::Import), tr("&Import…"), header);
    m_import->setObjectName(QStringLiteral("importButton"));
    m_import->setToolTip(tr("Take over a model folder or a GGUF file that is on this machine."));
    auto* row = new QHBoxLayout(header);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    row->addWidget(look::makeTitle(tr("Models"), header));
    row->addStretch();
    row->addWidget(m_search, 1);
    row->addWidget(m_show);
    row->addWidget(m_import);
    row->addWidget(m_get);
    return header;
}

QWidget* ModelsPane::makeList() {
    m_list = new QTreeView(this);
    m_list->setObjectName(QStringLiteral("modelList"));
    m_list->setTextElideMode(Qt::ElideMiddle); // adapters differ at the end of their names
    m_list->setAccessibleName(tr("Models"));
    m_list->setModel(m_filter);
    m_list->setItemDelegate(new ModelDelegate(m_list));
    m_list->setSortingEnabled(true);
    m_list->setUniformRowHeights(true);
    m_list->setIndentation(2 * look::kGrid);
    m_list->setContextMenuPolicy(Qt::CustomContextMenu);
    m_list->setAllColumnsShowFocus(true);
    QHeaderView& header = *m_list->header();
    header.setStretchLastSection(false);
    header.setMinimumSectionSize(6 * look::kGrid);
    header.setSortIndicatorShown(true);
    m_list->sortByColumn(ModelTable::Size, Qt::AscendingOrder);
    m_list->setColumnWidth(ModelTable::Size, 9 * look::kGrid);
    m_list->setColumnWidth(ModelTable::State, 14 * look::kGrid);
    m_list->setColumnWidth(ModelTable::Fits, 15 * look::kGrid);
    m_memory.keep(header, QStringLiteral("models/header"));
    header.setSectionResizeMode(ModelTable::Name, QHeaderView::Stretch);
    m_nothing = look::makeNote({}, this);
    m_nothing->setObjectName(QStringLiteral("nothingFound"));
    m_nothing->setAlignment(Qt::AlignCenter);
    m_nothing->setWordWrap(true);
    m_stack = new QStackedWidget(this);
    m_stack->addWidget(m_list);
    m_stack->addWidget(m_nothing);
    m_stack->setMinimumWidth(50 * look::kGrid);
    return m_stack;
}

void ModelsPane::connectAll() {
    using managers::ModelManager;
    connect(m_search, &QLineEdit::textChanged, this, &ModelsPane::search);
    connect(m_show, &QComboBox::currentIndexChanged, this, [this] {
        m_memory.setValue(kShowKey, m_show->currentData());
        search();
    });
    connect(m_get, &QPushButton::clicked, this, [this] { Q_EMIT downloadRequested({}); });
    connect(m_import, &QPushButton::clicked, this, &ModelsPane::importModel);
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [this](const QModelIndex& current) {
                const QString name = current.data(ModelTable::NameRole).toString();
                if (name.isEmpty()) return;
                m_chosen = name;
                m_memory.setValue(QStringLiteral("models/chosen"), name);
                m_details->showModel(name);
            });
    connect(m_list, &QTreeView::activated, this, &ModelsPane::activate);
    connect(m_list, &QWidget::customContextMenuRequested, this, &ModelsPane::showMenu);
    auto* removeKey = new QAction(this);
    removeKey->setShortcut(QKeySequence::Delete);
    removeKey->setShortcutContext(Qt::WidgetShortcut);
    connect(removeKey, &QAction::triggered, this, [this] { remove(chosenName()); });
    m_list->addAction(removeKey);
    connect(m_table, &QAbstractItemModel::modelReset, this, &ModelsPane::showModels);
    connect(m_details, &ModelDetails::trainRequested, this, &ModelsPane::trainRequested);
    connect(m_details, &ModelDetails::chatRequested, this, &ModelsPane::chatRequested);
    connect(m_details, &ModelDetails::downloadRequested, this, &ModelsPane::downloadRequested);
    connect(m_details, &ModelDetails::importRequested, this, [this] { importAs(m_details->name()); });
    connect(m_details, &ModelDetails::exportRequested, this,
            [this](const QString& name) { exportModel(name); });
    connect(&m_exports, &managers::ExportManager::exported, this,
            [this](const managers::Job*, const jobs::ExportResult& result) { tellExported(result); });
    connect(m_details, &ModelDetails::verifyRequested, this, &ModelsPane::verify);
    connect(m_details, &ModelDetails::removeRequested, this, &ModelsPane::remove);
    connect(&m_manager, &ModelManager::imported, this,
            [this](const managers::Job*, const jobs::ImportResult& result) { tellImported(result); });
    connect(&m_manager, &ModelManager::removed, this, [this](const QString& name, quint64 freedBytes) {
        m_messages->show(MessageBar::Kind::Notice,
                         freedBytes > 0
                             ? tr("%1 removed, %2 freed.").arg(name, managers::bytesText(freedBytes))
                             : tr("%1 removed.").arg(name));
    });
    connect(&m_manager, &ModelManager::failed, this,
            [this](const Error& error) { m_messages->showFailure(error); });
    connect(&m_jobs, &managers::JobList::jobFinished, this,
            [this](const managers::Job* job) { tellFailedImport(*job); });
}

void ModelsPane::followDownloads(const managers::DownloadManager& downloads) {
    m_table->followDownloads(downloads);
}

QString ModelsPane::chosenName() const {
    return m_list->currentIndex().data(ModelTable::NameRole).toString();
}

void ModelsPane::choose(const QString& name) {
    const QModelIndex index = m_filter->mapFromSource(m_table->indexOf(name));
    if (!index.isValid()) return;
    m_list->setCurrentIndex(index);
    scrollToChosen();
}

/// With its heading where there is room.
void ModelsPane::scrollToChosen() {
    const QModelIndex index = m_list->currentIndex();
    if (!index.isValid()) return;
    m_list->scrollTo(index.parent());
    m_list->scrollTo(index);
}

/// A row that was chosen before the list had its size.
void ModelsPane::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    QMetaObject::invokeMethod(this, &ModelsPane::scrollToChosen, Qt::QueuedConnection);
}

void ModelsPane::showModels() {
    search();
    const QString wanted = m_chosen;
    choose(wanted);
    if (!chosenName().isEmpty()) return;
    for (const jobs::ModelEntry& entry : m_manager.models())
        if (entry.isUsable()) return choose(toQt(entry.name));
    m_details->showModel({});
}

void ModelsPane::search() {
    const QString text = m_search->text();
    m_filter->setSearch(text);
    m_filter->setShow(static_cast<items::ModelFilter::Show>(m_show->currentData().toInt()));
    m_list->expandAll();
    const bool isEmpty = m_filter->rowCount() == 0;
    m_nothing->setText(
        text.isEmpty() ? tr("No model is “%1”. Choose another to see more.").arg(m_show->currentText())
        : m_show->currentIndex() > 0
            ? tr("No model has “%1” in its name and is “%2”. Clear the search, or choose another.")
                  .arg(text, m_show->currentText())
            : tr("No model has “%1” in its name. Clear the search to see all.").arg(text));
    m_stack->setCurrentWidget(isEmpty ? static_cast<QWidget*>(m_nothing) : m_list);
    for (int row = 0; row < m_filter->rowCount(); ++row)
        m_list->setFirstColumnSpanned(row, {}, true);
}

void ModelsPane::focusSearch() {
    m_search->setFocus(Qt::ShortcutFocusReason);
    m_search->selectAll();
}

void ModelsPane::showMenu(const QPoint& at) {
    if (m_list->indexAt(at).data(ModelTable::NameRole).toString().isEmpty()) return;
    m_details->menu()->popup(m_list->viewport()->mapToGlobal(at));
}

void ModelsPane::activate(const QModelIndex& index) {
    const QString name = index.data(ModelTable::NameRole).toString();
    if (name.isEmpty()) return;
    const bool isAdapter = index.data(ModelTable::IsAdapterRole).toBool();
    const auto entry = isAdapter ? m_manager.findAdapter(name) : m_manager.find(name);
    if (!entry || !entry->isUsable()) return;
    if (m_manager.chatVerdict(*entry).fit == managers::Fit::TooLarge) return;
    Q_EMIT chatRequested(isAdapter ? QString() : name, isAdapter ? name : QString());
}

void ModelsPane::verify(const QString& name, bool deep) {
    auto* dialog = new VerifyDialog(m_manager, m_memory, name, deep, this);
    connect(dialog, &VerifyDialog::getAgainRequested, this, &ModelsPane::getAgain);
    connect(dialog, &VerifyDialog::fetchAgainRequested, this, &ModelsPane::fetchAgainRequested);
    dialog->show(); // every byte of a large model takes minutes, in which the window can be used
}

void ModelsPane::remove(const QString& name) {
    auto entry = m_manager.find(name);
    if (!entry) entry = m_manager.findAdapter(name);
    if (!entry || entry->state == jobs::ModelState::Absent) return;
    auto* dialog = new RemoveDialog(m_manager, name, this);
    dialog->open();
}

void ModelsPane::getAgain(const QString& name) {
    m_waiting << WantedImport{{}, name, true};
    openNextImport();
}

void ModelsPane::importPath(const QString& path) {
    m_waiting << WantedImport{path, {}, false};
    openNextImport();
}

void ModelsPane::importAs(const QString& name) {
    auto entry = m_manager.find(name);
    if (!entry) entry = m_manager.findAdapter(name);
    if (entry && entry->state == jobs::ModelState::Foreign)
        return importPath(managers::pathToQt(entry->path));
    const bool isBroken =
        entry && (entry->state == jobs::ModelState::Damaged || entry->state == jobs::ModelState::Offline);
    m_waiting << WantedImport{{}, name, isBroken};
    openNextImport();
}

void ModelsPane::openNextImport() {
    if (m_importDialog || m_waiting.isEmpty()) return;
    const WantedImport wanted = m_waiting.takeFirst();
    m_importDialog = new ImportDialog(m_manager, wanted.path, this);
    if (const auto entry = m_manager.find(wanted.name)) {
        const QString family = toQt(entry->family);
        const QString version = toQt(entry->version);
        if (wanted.replaces)
            m_importDialog->replaceModel(family, version);
        else
            m_importDialog->setName(family, version);
    }
    connect(m_importDialog, &QDialog::finished, this, [this] {
        m_importDialog.clear();
        openNextImport();
    });
    m_messages->clear();
    m_importDialog->open();
}

void ModelsPane::tellImported(const jobs::ImportResult& result) {
    const QString name = toQt(result.entry.name);
    m_chosen = name; // the list comes a moment later
    choose(name);
    QString text = result.wasThere ? tr("%1 was there already; nothing was copied.").arg(name)
                                   : tr("%1 is ready.").arg(name);
    if (result.replaced) text = tr("%1 is ready, in the place of what was there.").arg(name);
    if (!result.notes.empty()) {
        QStringList parts;
        for (const std::string& note : result.notes)
            parts.append(toQt(note));
        text += u' ' + tr("Note: %1.").arg(parts.join(QStringLiteral("; ")));
    }
    const bool isAdapter = result.entry.kind == jobs::kAdapterKind;
    m_messages->show(MessageBar::Kind::Notice, text, tr("Chat"), [this, name, isAdapter] {
        Q_EMIT chatRequested(isAdapter ? QString() : name, isAdapter ? name : QString());
    });
}

void ModelsPane::exportModel(const QString& name, std::optional<jobs::ExportFormat> format) {
    (new ExportDialog(m_exports, name, format, this))->open();
}

void ModelsPane::tellExported(const jobs::ExportResult& result) {
    const QString path = managers::pathToQt(result.path);
    QStringList notes{
        tr("%1 written to %2; %3.").arg(managers::bytesText(result.sizeBytes), path, toQt(result.turnEnd))};
    for (const std::string& note : result.notes)
        notes << tr("Note: %1.").arg(toQt(note));
    const QString folder = managers::pathToQt(result.path.parent_path());
    m_messages->show(MessageBar::Kind::Notice, notes.join(u' '), tr("Open folder"),
                     [folder] { QDesktopServices::openUrl(QUrl::fromLocalFile(folder)); });
}

void ModelsPane::tellFailedImport(const managers::Job& job) {
    if (job.kind() == managers::JobKind::Export && job.error()) m_messages->showFailure(*job.error());
    if (job.kind() != managers::JobKind::Import || (m_importDialog && m_importDialog->isAbout(job))) return;
    if (job.error()) m_messages->showFailure(*job.error(), tr("Import…"), [this] { importModel(); });
}

} // namespace llamahome::widgets
