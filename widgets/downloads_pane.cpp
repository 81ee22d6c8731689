#include "widgets/downloads_pane.h"

#include <algorithm>
#include <initializer_list>

#include <QAction>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QInputDialog>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>

#include "items/download_file_table.h"
#include "items/download_table.h"
#include "items/download_words.h"
#include "managers/text.h"
#include "widgets/buttons.h"
#include "widgets/copy_text.h"
#include "widgets/look.h"
#include "widgets/message_bar.h"
#include "widgets/progress_delegate.h"
#include "widgets/remove_dialog.h"
#include "widgets/speed_limit.h"
#include "widgets/window_memory.h"

namespace llamahome::widgets {
using items::DownloadFileTable;
using items::DownloadTable;
using managers::DownloadItem;
using managers::DownloadManager;
using managers::DownloadState;

namespace {

QTableView* makeTable(const QString& name, const QString& words, QAbstractItemModel* model, QWidget* parent) {
    auto* table = new QTableView(parent);
    table->setObjectName(name);
    table->setAccessibleName(words);
    table->setModel(model);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->setTabKeyNavigation(false);
    table->setShowGrid(false);
    table->setWordWrap(false);
    table->setFont(look::figureFont());
    table->verticalHeader()->hide();
    QHeaderView& header = *table->horizontalHeader();
    header.setHighlightSections(false);
    header.setDefaultAlignment(Qt::AlignLeading | Qt::AlignVCenter);
    header.setStretchLastSection(true);
    return table;
}

/// Whether a part of a model lies on the disk.
bool isPartial(const DownloadItem& item) {
    return item.state != DownloadState::Done && item.doneBytes > 0 && !item.wish.everyByte;
}

} // namespace

DownloadsPane::DownloadsPane(DownloadManager& downloads, managers::ModelManager& models,
                             managers::SettingsManager& settings, WindowMemory& memory, QWidget* parent)
    : QWidget(parent)
    , m_downloads(downloads)
    , m_models(models)
    , m_settings(settings)
    , m_messages(new MessageBar(this))
    , m_items(new DownloadTable(downloads, this))
    , m_fileItems(new DownloadFileTable(downloads, this))
    , m_nothing(look::makeNote(tr("Nothing is being downloaded. “Get a model…” lists what a source has, and "
                                  "tells its size and licence before anything is fetched."),
                               this))
    , m_how(new QLabel(this)) {
    makeTables(memory);
    m_how->setObjectName(QStringLiteral("downloadLine"));
    m_how->setTextFormat(Qt::PlainText);
    m_how->setWordWrap(true);
    m_how->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_nothing->setAlignment(Qt::AlignTop | Qt::AlignLeading);
    m_nothing->setWordWrap(true);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, look::kGrid);
    layout->setSpacing(look::kGrid);
    layout->addWidget(makeHeader());
    layout->addWidget(m_messages);
    layout->addWidget(m_nothing, 1); // in the tables' place
    layout->addWidget(m_splitter, 1);
    layout->addWidget(m_how);
    layout->addWidget(makeButtons());
    connectAll();
    restoreChosen();
}

QWidget* DownloadsPane::makeHeader() {
    auto* header = new QWidget(this);
    auto* get = makeButton(tr("&Get a model…"), Icon::Add, QStringLiteral("getModelButton"), header);
    look::makePrimary(*get);
    get->setIcon(icon(Icon::Add, QPalette::BrightText));
    auto* row = new QHBoxLayout(header);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    row->addWidget(look::makeTitle(tr("Downloads"), header));
    row->addStretch();
    auto* limit = new SpeedLimit(m_settings, header);
    row->addWidget(limit);
    row->addWidget(get);
    connect(get, &QPushButton::clicked, this, [this] { Q_EMIT getRequested({}); });
    connect(limit, &SpeedLimit::failed, this, [this](const Error& error) { m_messages->showFailure(error); });
    return header;
}

void DownloadsPane::makeTables(WindowMemory& memory) {
    m_table = makeTable(QStringLiteral("downloadList"), tr("Downloads: the queue, then what has ended"),
                        m_items, this);
    m_table->setItemDelegateForColumn(DownloadTable::Amount,
                                      new ProgressDelegate(DownloadTable::PercentRole, m_table));
    m_table->setContextMenuPolicy(Qt::ActionsContextMenu);
    m_files =
        makeTable(QStringLiteral("downloadFiles"), tr("Files of the chosen download"), m_fileItems, this);
    QHeaderView& header = *m_table->horizontalHeader();
    header.resizeSection(DownloadTable::Name, 25 * look::kGrid);
    header.resizeSection(DownloadTable::State, 22 * look::kGrid);
    header.resizeSection(DownloadTable::Amount, 18 * look::kGrid);
    memory.keep(header, QStringLiteral("downloads/queue"));
    QHeaderView& fileHeader = *m_files->horizontalHeader();
    fileHeader.resizeSection(DownloadFileTable::File, 25 * look::kGrid);
    fileHeader.resizeSection(DownloadFileTable::State, 22 * look::kGrid);
    fileHeader.resizeSection(DownloadFileTable::Amount, 18 * look::kGrid);
    memory.keep(fileHeader, QStringLiteral("downloads/files"));
    m_splitter = new QSplitter(Qt::Vertical, this);
    m_splitter->setChildrenCollapsible(false);
    m_splitter->addWidget(m_table);
    m_splitter->addWidget(m_files);
    m_splitter->setStretchFactor(0, 1);
    m_splitter->setStretchFactor(1, 1);
    memory.keep(*m_splitter, QStringLiteral("downloads/splitter"));
}

/// What the button does is in the list's menu too, and its key works where the list has the keyboard.
QPushButton* DownloadsPane::addButton(QWidget* bar, QPushButton* button, const QKeySequence& key,
                                      void (DownloadsPane::*act)()) {
    bar->layout()->addWidget(button);
    auto* action = new QAction(m_table);
    action->setShortcut(key);
    action->setShortcutContext(Qt::WidgetShortcut);
    m_table->addAction(action);
    m_actions.emplace_back(action, button);
    button->setToolTip(key.toString(QKeySequence::NativeText));
    connect(button, &QPushButton::clicked, this, act);
    connect(action, &QAction::triggered, button, &QPushButton::click);
    return button;
}

QWidget* DownloadsPane::makeButtons() {
    auto* bar = new QWidget(this);
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(0, 0, 0, look::kGrid);
    row->setSpacing(look::kGrid);
    m_pause = addButton(bar, makeButton({}, Icon::Pause, QStringLiteral("pauseDownload"), bar), Qt::Key_Space,
                        &DownloadsPane::pauseOrGoOn);
    m_cancel = addButton(bar, makeButton({}, Icon::Remove, QStringLiteral("cancelDownload"), bar),
                         QKeySequence::Delete, &DownloadsPane::cancel);
    m_up = addButton(bar, makeButton(tr("&Up"), Icon::Up, QStringLiteral("moveUp"), bar),
                     Qt::CTRL | Qt::Key_Up, &DownloadsPane::moveUp);
    m_down = addButton(bar, makeButton(tr("Dow&n"), Icon::Down, QStringLiteral("moveDown"), bar),
                       Qt::CTRL | Qt::Key_Down, &DownloadsPane::moveDown);
    m_show =
        addButton(bar, makeButton(tr("Show in &Models"), Icon::Models, QStringLiteral("showInModels"), bar),
                  Qt::Key_Return, &DownloadsPane::showInModels);
    m_copy =
        addButton(bar, makeButton(tr("Cop&y as command"), Icon::Copy, QStringLiteral("copyDownload"), bar),
                  {}, &DownloadsPane::copyCommand);
    row->addStretch();
    m_clear = makeButton(tr("Clear hist&ory"), Icon::Reset, QStringLiteral("clearHistory"), bar);
    m_clear->setToolTip(tr("Takes off the list what has ended. Models and files stay."));
    row->addWidget(m_clear);
    connect(m_clear, &QPushButton::clicked, &m_downloads, &DownloadManager::clearEnded);
    return bar;
}

void DownloadsPane::connectAll() {
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex& current) {
                if (!current.isValid()) return;
                m_chosen = current.data(DownloadTable::IdRole).toULongLong();
                showChosen();
            });
    connect(m_items, &QAbstractItemModel::modelReset, this, &DownloadsPane::restoreChosen);
    connect(m_items, &QAbstractItemModel::dataChanged, this, &DownloadsPane::showChosen);
    connect(m_files, &QTableView::activated, this, [this](const QModelIndex& index) {
        m_downloads.putFirst(m_chosen, managers::fromQt(index.data(DownloadFileTable::PathRole).toString()));
    });
    connect(&m_models, &managers::ModelManager::modelsChanged, this, &DownloadsPane::removeStopped);
    connect(&m_downloads, &DownloadManager::failed, this, &DownloadsPane::tellFailure);
    connect(&m_downloads, &DownloadManager::downloaded, this,
            [this](quint64, const jobs::DownloadResult& result) { tellDownloaded(result); });
}

void DownloadsPane::choose(quint64 id) {
    m_chosen = id;
    restoreChosen();
}

const DownloadItem* DownloadsPane::chosen() const {
    return m_downloads.find(m_chosen);
}

/// The list has been reset: the same one stays chosen; where that is gone, the first.
void DownloadsPane::restoreChosen() {
    if (m_downloads.find(m_chosen) == nullptr)
        m_chosen = m_downloads.items().empty() ? 0 : m_downloads.items().front().id;
    m_table->setCurrentIndex(m_items->indexOf(m_chosen));
    showChosen();
    tellUnfinished();
    removeStopped();
}

/// Bytes that are here are told and asked about before they go.
void DownloadsPane::removeStopped() {
    const DownloadItem* item = m_downloads.find(m_toRemove);
    if (item == nullptr || item->isActive()) return;
    const QString name = item->wish.name;
    if (!isPartial(*item)) {
        m_downloads.forget(std::exchange(m_toRemove, 0));
    } else if (const auto entry = m_models.find(name); entry && entry->isDownload) {
        m_toRemove = 0;
        (new RemoveDialog(m_models, name, this))->open();
    } // else the list of models comes a moment later
}

void DownloadsPane::showChosen() {
    const bool isEmpty = m_downloads.items().empty();
    m_nothing->setVisible(isEmpty);
    m_splitter->setVisible(!isEmpty);
    const DownloadItem* item = chosen();
    m_fileItems->show(item == nullptr ? 0 : item->id);
    const bool isQueued = item != nullptr && !item->hasEnded();
    const bool isActive = item != nullptr && item->isActive();
    for (QPushButton* button : {m_pause, m_cancel, m_up, m_down, m_show, m_copy, m_clear})
        button->setVisible(!isEmpty);
    m_how->setVisible(item != nullptr);
    if (item == nullptr) return;
    const bool hasFailed = item->state == DownloadState::Failed;
    m_pause->setText(isActive ? tr("&Pause") : hasFailed ? tr("&Try again") : tr("&Continue"));
    m_pause->setIcon(icon(isActive    ? Icon::Pause
                          : hasFailed ? Icon::Retry
                                      : Icon::Start,
                          QPalette::ButtonText));
    m_pause->setEnabled(item->state != DownloadState::Done && item->state != DownloadState::Stopping);
    m_cancel->setText(isQueued || isPartial(*item) ? tr("C&ancel…") : tr("&Remove from the list"));
    m_cancel->setEnabled(item->state != DownloadState::Stopping);
    const auto& items = m_downloads.items();
    const auto queued =
        std::count_if(items.begin(), items.end(), [](const auto& one) { return !one.hasEnded(); });
    m_up->setEnabled(isQueued && item != &items.front());
    m_down->setEnabled(isQueued && item - items.data() < queued - 1);
    m_show->setEnabled(m_models.find(item->wish.name).has_value());
    m_clear->setEnabled(static_cast<std::size_t>(queued) < items.size());
    m_how->setText(items::downloadSentence(*item, m_downloads.jobOf(item->id)));
    for (const auto& [action, button] : m_actions) {
        action->setText(button->text());
        action->setEnabled(button->isEnabled());
    }
}

/// Once, at the start.
void DownloadsPane::tellUnfinished() {
    if (m_areUnfinishedTold || !m_downloads.isRead()) return;
    m_areUnfinishedTold = true;
    std::vector<quint64> paused;
    for (const DownloadItem& item : m_downloads.items())
        if (item.state == DownloadState::Paused && !m_downloads.wantsLink(item.id)) paused.push_back(item.id);
    if (paused.size() < 2) return; // one has its button
    m_messages->show(MessageBar::Kind::Notice,
                     tr("%1 downloads are not finished. What was received is kept.").arg(paused.size()),
                     tr("Continue all"), [this, paused] {
                         for (const quint64 id : paused)
                             m_downloads.goOn(id);
                     });
}

void DownloadsPane::tellFailure(quint64 id, const Error& error) {
    if (download::isTokenWanted(error.code.text))
        m_messages->showFailure(error, tr("Give a token…"), [this, id] { askToken(id); });
    else
        m_messages->showFailure(error, tr("Try again"), [this, id] {
            if (const DownloadItem* item = m_downloads.find(id)) goOn(*item);
        });
}

void DownloadsPane::tellDownloaded(const jobs::DownloadResult& result) {
    const QString name = managers::toQt(result.entry.name);
    const QString text = result.wasThere           ? tr("%1 is there already and whole.").arg(name)
                         : result.repaired.empty() ? tr("%1 is ready.").arg(name)
                                                   : tr("%1 is whole again.").arg(name);
    m_messages->show(MessageBar::Kind::Notice, text, tr("Chat"),
                     [this, name] { Q_EMIT chatRequested(name, {}); });
}

void DownloadsPane::pauseOrGoOn() {
    const DownloadItem* item = chosen();
    if (item == nullptr) return;
    if (item->isActive())
        m_downloads.pause(item->id);
    else
        goOn(*item);
}

/// Meta's link is kept nowhere: the sheet asks for it.
void DownloadsPane::goOn(const DownloadItem& item) {
    m_messages->clear();
    m_toRemove = 0; // it is wanted again
    if (m_downloads.wantsLink(item.id))
        Q_EMIT getRequested(item.wish);
    else
        m_downloads.goOn(item.id);
}

void DownloadsPane::cancel() {
    m_toRemove = m_chosen;
    m_downloads.pause(m_chosen);
    removeStopped();
}

void DownloadsPane::showInModels() {
    if (const DownloadItem* item = chosen()) Q_EMIT showModelRequested(item->wish.name);
}

void DownloadsPane::copyCommand() {
    if (const DownloadItem* item = chosen()) copyFrom(*m_copy, m_downloads.commandOf(item->wish));
}

/// It is not shown, and sent to the Hub only.
void DownloadsPane::askToken(quint64 id) {
    auto* dialog = new QInputDialog(this);
    dialog->setObjectName(QStringLiteral("tokenDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Token of the Hub"));
    dialog->setLabelText(
        tr("A token from huggingface.co/settings/tokens with the right to read. It is used for "
           "this download and not kept."));
    dialog->setTextEchoMode(QLineEdit::Password);
    dialog->setOkButtonText(tr("Download"));
    connect(dialog, &QInputDialog::textValueSelected, this, [this, id](const QString& token) {
        if (!token.trimmed().isEmpty()) m_downloads.goOn(id, token.trimmed());
    });
    dialog->open();
}

} // namespace llamahome::widgets
