#include "widgets/downloads_pane.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QInputDialog>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QVBoxLayout>

#include "items/job_table.h"
#include "items/job_words.h"
#include "managers/text.h"
#include "managers/window_words.h"
#include "widgets/buttons.h"
#include "widgets/copy_text.h"
#include "widgets/look.h"
#include "widgets/message_bar.h"
#include "widgets/window_memory.h"

namespace llamahome::widgets {
namespace {

using items::JobTable;
using managers::DownloadManager;
using managers::Job;

/// Of all jobs those that fetch something.
class DownloadFilter final : public QSortFilterProxyModel {
public:
    using QSortFilterProxyModel::QSortFilterProxyModel;

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override {
        const QModelIndex job = sourceModel()->index(row, 0, parent);
        return job.data(JobTable::KindRole).toInt() == static_cast<int>(managers::JobKind::Download);
    }
};

} // namespace

DownloadsPane::DownloadsPane(DownloadManager& downloads, managers::JobList& jobs, WindowMemory& memory,
                             QWidget* parent)
    : QWidget(parent)
    , m_downloads(downloads)
    , m_jobs(jobs)
    , m_messages(new MessageBar(this))
    , m_filter(new DownloadFilter(this))
    , m_nothing(
          look::makeNote(tr("Nothing is being downloaded. Choose a model on the page Models, or name one "
                            "of the Hub above."),
                         this))
    , m_how(new QLabel(this)) {
    makeTable(memory);
    m_how->setObjectName(QStringLiteral("downloadLine"));
    m_how->setTextFormat(Qt::PlainText);
    m_how->setWordWrap(true);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, look::kGrid);
    layout->setSpacing(look::kGrid);
    layout->addWidget(makeLine());
    layout->addWidget(m_messages);
    m_nothing->setAlignment(Qt::AlignTop | Qt::AlignLeading);
    layout->addWidget(m_nothing, 1); // in the table's place
    layout->addWidget(m_table, 1);
    layout->addWidget(m_how);
    layout->addWidget(makeButtons());
    connect(&m_jobs, &managers::JobList::jobFinished, this, [this](const Job* job) { tellEnd(*job); });
    connect(&m_downloads, &DownloadManager::downloaded, this,
            [this](const Job*, const jobs::DownloadResult& result) { tellDownloaded(result); });
    showChosen();
}

QWidget* DownloadsPane::makeLine() {
    auto* line = new QWidget(this);
    m_name = new QLineEdit(line);
    m_name->setObjectName(QStringLiteral("downloadName"));
    m_name->setPlaceholderText(tr("Name on the Hub, such as org/name"));
    m_name->setAccessibleName(tr("Name of a model on the Hub"));
    m_name->setMaximumWidth(48 * look::kGrid);
    m_name->setTextMargins(look::kGrid / 2, 0, look::kGrid / 2, 0);
    m_get = makeButton(tr("&Download"), Icon::Downloads, QStringLiteral("downloadButton"), line);
    m_get->setToolTip(tr("Only models of the Llama architecture can be run; that is looked at first."));
    m_get->setEnabled(false);
    auto* row = new QHBoxLayout(line);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    row->addWidget(look::makeTitle(tr("Downloads"), line));
    row->addStretch();
    row->addWidget(m_name, 1);
    row->addWidget(m_get);
    const auto get = [this] {
        if (const QString name = m_name->text().trimmed(); !name.isEmpty()) download(name);
    };
    connect(m_name, &QLineEdit::textChanged, this,
            [this](const QString& text) { m_get->setEnabled(!text.trimmed().isEmpty()); });
    connect(m_name, &QLineEdit::returnPressed, this, get);
    connect(m_get, &QPushButton::clicked, this, get);
    return line;
}

void DownloadsPane::makeTable(WindowMemory& memory) {
    m_filter->setSourceModel(new JobTable(m_jobs, this));
    m_table = new QTableView(this);
    m_table->setObjectName(QStringLiteral("downloadList"));
    m_table->setAccessibleName(tr("Downloads of this session, newest first"));
    m_table->setModel(m_filter);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setTabKeyNavigation(false);
    m_table->setShowGrid(false);
    m_table->verticalHeader()->hide();
    auto* header = m_table->horizontalHeader();
    header->setHighlightSections(false);
    header->setDefaultAlignment(Qt::AlignLeading | Qt::AlignVCenter);
    header->resizeSection(JobTable::Title, 40 * look::kGrid);
    header->resizeSection(JobTable::State, 24 * look::kGrid);
    header->resizeSection(JobTable::Amount, 22 * look::kGrid);
    header->setStretchLastSection(true);
    memory.keep(*header, QStringLiteral("downloads/columns"));
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            &DownloadsPane::showChosen);
    connect(m_filter, &QAbstractItemModel::dataChanged, this, &DownloadsPane::showChosen);
    connect(m_filter, &QAbstractItemModel::rowsInserted, this, [this] {
        m_table->selectRow(0);
        showChosen();
    });
}

QWidget* DownloadsPane::makeButtons() {
    auto* bar = new QWidget(this);
    m_stop = makeButton(tr("&Stop"), Icon::Stop, QStringLiteral("stopDownload"), bar);
    m_stop->setToolTip(tr("What is here stays; the download goes on from there."));
    m_goOn = makeButton(tr("&Go on"), Icon::Start, QStringLiteral("goOnDownload"), bar);
    m_copy = makeButton(tr("&Copy as command"), Icon::Copy, QStringLiteral("copyDownload"), bar);
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(0, 0, 0, look::kGrid);
    row->setSpacing(look::kGrid);
    for (QPushButton* button : {m_stop, m_goOn, m_copy})
        row->addWidget(button);
    row->addStretch();
    connect(m_stop, &QPushButton::clicked, this, [this] {
        if (Job* job = chosenJob()) job->cancel();
    });
    connect(m_goOn, &QPushButton::clicked, this, [this] {
        if (const Job* job = chosenJob()) download(DownloadManager::nameOf(*job));
    });
    connect(m_copy, &QPushButton::clicked, this, [this] {
        if (const Job* job = chosenJob()) copyFrom(*m_copy, job->commandLine());
    });
    return bar;
}

void DownloadsPane::download(const QString& name, const QString& token) {
    m_messages->clear();
    m_downloads.download(name, token);
    m_name->clear();
}

Job* DownloadsPane::chosenJob() const {
    const QModelIndex current = m_table->currentIndex();
    return current.isValid() ? m_jobs.find(current.data(JobTable::IdRole).toULongLong()) : nullptr;
}

void DownloadsPane::showChosen() {
    const bool isEmpty = m_filter->rowCount() == 0;
    m_nothing->setVisible(isEmpty);
    m_table->setVisible(!isEmpty);
    const Job* job = chosenJob();
    const bool isNamed = job != nullptr && !DownloadManager::nameOf(*job).isEmpty();
    for (QPushButton* button : {m_stop, m_goOn, m_copy})
        button->setVisible(!isEmpty);
    m_stop->setEnabled(job != nullptr && job->isActive());
    m_goOn->setEnabled(isNamed && !job->isActive() && job->state() != managers::JobState::Done);
    m_copy->setEnabled(job != nullptr && !job->commandLine().isEmpty());
    m_how->setVisible(job != nullptr);
    if (job == nullptr) return;
    m_how->setText(job->error() ? managers::windowText(job->error()->message) : items::jobLine(*job));
}

void DownloadsPane::tellEnd(const Job& job) {
    const QString name = DownloadManager::nameOf(job);
    if (name.isEmpty() || !job.error()) return;
    if (DownloadManager::wantsToken(*job.error()))
        m_messages->showFailure(*job.error(), tr("Give a token…"), [this, name] { askToken(name); });
    else
        m_messages->showFailure(*job.error(), tr("Go on"), [this, name] { download(name); });
}

void DownloadsPane::tellDownloaded(const jobs::DownloadResult& result) {
    const QString name = managers::toQt(result.entry.name);
    const QString text = result.wasThere           ? tr("%1 is there already and whole.").arg(name)
                         : result.repaired.empty() ? tr("%1 is ready.").arg(name)
                                                   : tr("%1 is whole again.").arg(name);
    m_messages->show(MessageBar::Kind::Notice, text, tr("Chat"),
                     [this, name] { Q_EMIT chatRequested(name, {}); });
}

/// It is not shown, not kept, and sent to the Hub only.
void DownloadsPane::askToken(const QString& name) {
    auto* dialog = new QInputDialog(this);
    dialog->setObjectName(QStringLiteral("tokenDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Token of the Hub"));
    dialog->setLabelText(
        tr("A token from huggingface.co/settings/tokens with the right to read. It is used for "
           "this download and not kept."));
    dialog->setTextEchoMode(QLineEdit::Password);
    dialog->setOkButtonText(tr("Download"));
    connect(dialog, &QInputDialog::textValueSelected, this, [this, name](const QString& token) {
        if (!token.trimmed().isEmpty()) download(name, token.trimmed());
    });
    dialog->open();
}

} // namespace llamahome::widgets
