#include "widgets/jobs_dialog.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableView>
#include <QVBoxLayout>

#include "items/job_table.h"
#include "items/job_words.h"
#include "managers/window_words.h"
#include "widgets/copy_text.h"
#include "widgets/icons.h"
#include "widgets/look.h"
#include "widgets/window_memory.h"

namespace llamahome::widgets {

JobsDialog::JobsDialog(managers::JobList& jobs, WindowMemory& memory, QWidget* parent)
    : QDialog(parent)
    , m_jobs(jobs)
    , m_view(new QTableView(this))
    , m_cause(new QLabel(this))
    , m_cancel(new QPushButton(icon(Icon::Stop), tr("C&ancel the job"), this))
    , m_copy(new QPushButton(icon(Icon::Copy), tr("&Copy as command"), this)) {
    setObjectName(QStringLiteral("jobsDialog"));
    setWindowTitle(tr("Jobs of this session"));
    resize(90 * look::kGrid, 45 * look::kGrid);
    auto* table = new items::JobTable(jobs, this);
    m_view->setModel(table);
    m_view->setObjectName(QStringLiteral("jobsView"));
    m_view->setAccessibleName(tr("Jobs, newest first"));
    m_view->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_view->setSelectionMode(QAbstractItemView::SingleSelection);
    m_view->setTabKeyNavigation(false);
    m_view->setShowGrid(false);
    m_view->verticalHeader()->hide();
    auto* header = m_view->horizontalHeader();
    header->setHighlightSections(false);
    m_view->horizontalHeader()->setDefaultAlignment(Qt::AlignLeading | Qt::AlignVCenter);
    header->resizeSection(items::JobTable::Title, 30 * look::kGrid);
    header->resizeSection(items::JobTable::State, 22 * look::kGrid);
    header->resizeSection(items::JobTable::Amount, 20 * look::kGrid);
    header->setStretchLastSection(true);
    memory.keep(*header, QStringLiteral("jobs/columns"));
    m_cause->setTextFormat(Qt::PlainText);
    m_cause->setWordWrap(true);
    m_cause->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_cancel->setObjectName(QStringLiteral("cancelJob"));
    m_cancel->setToolTip(tr("Stop it in order; what it says of itself tells what is kept"));
    m_copy->setObjectName(QStringLiteral("copyJobCommand"));
    m_copy->setToolTip(tr("The same job as a line for a shell"));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    buttons->addButton(m_cancel, QDialogButtonBox::ActionRole);
    buttons->addButton(m_copy, QDialogButtonBox::ActionRole);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid);
    layout->setSpacing(look::kGrid);
    layout->addWidget(m_view, 1);
    layout->addWidget(m_cause);
    layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_cancel, &QPushButton::clicked, this, &JobsDialog::cancelChosen);
    connect(m_copy, &QPushButton::clicked, this, &JobsDialog::copyChosen);
    connect(m_view->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &JobsDialog::showChosen);
    connect(table, &QAbstractItemModel::dataChanged, this, &JobsDialog::showChosen);
    if (table->rowCount() > 0) m_view->selectRow(0);
    showChosen();
}

managers::Job* JobsDialog::chosenJob() const {
    const QModelIndex current = m_view->currentIndex();
    return current.isValid() ? m_jobs.find(current.data(items::JobTable::IdRole).toULongLong()) : nullptr;
}

void JobsDialog::showChosen() {
    const managers::Job* job = chosenJob();
    m_cancel->setEnabled(job != nullptr && job->isActive());
    m_copy->setEnabled(job != nullptr && !job->commandLine().isEmpty());
    if (job == nullptr)
        m_cause->setText(m_jobs.jobs().empty() ? tr("Nothing has been done in this session yet.")
                                               : QString());
    else
        m_cause->setText(job->error() ? managers::windowText(job->error()->message) : items::jobLine(*job));
}

void JobsDialog::cancelChosen() {
    if (managers::Job* job = chosenJob()) job->cancel();
}

void JobsDialog::copyChosen() {
    if (const managers::Job* job = chosenJob()) copyFrom(*m_copy, job->commandLine());
}

} // namespace llamahome::widgets
