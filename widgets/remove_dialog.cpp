#include "widgets/remove_dialog.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "managers/model_words.h"
#include "managers/text.h"
#include "widgets/buttons.h"
#include "widgets/copy_text.h"
#include "widgets/file_list.h"
#include "widgets/icons.h"
#include "widgets/job_progress.h"
#include "widgets/look.h"
#include "widgets/message_bar.h"

namespace llamahome::widgets {
namespace {

constexpr QSize kSize(64 * look::kGrid, 48 * look::kGrid);

using managers::toQt;

QString namesOf(const std::vector<std::string>& all) {
    QStringList names;
    for (const std::string& name : all)
        names << toQt(name);
    return names.join(QStringLiteral(", "));
}

} // namespace

RemoveDialog::RemoveDialog(managers::ModelManager& manager, const QString& name, QWidget* parent)
    : QDialog(parent)
    , m_manager(manager)
    , m_name(name) {
    setObjectName(QStringLiteral("removeDialog"));
    setWindowTitle(tr("Remove %1").arg(name));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(kSize);
    build();
    connect(
        &m_manager, &managers::ModelManager::removalPlanned, this,
        [this](const QString& planned, const jobs::RemovalPlan& plan, const jobs::Dependents& dependents) {
            if (planned != m_name) return;
            showPlan(plan);
            showDependents(dependents);
        });
    connect(&m_manager, &managers::ModelManager::removalRefused, this,
            [this](const QString& refused, const Error& error) {
                if (refused != m_name) return;
                m_intro->clear();
                m_messages->showError(error);
            });
    m_manager.planRemoval(name);
}

void RemoveDialog::build() {
    m_messages = new MessageBar(this);
    m_intro = new QLabel(tr("Looking at its files…"), this);
    m_intro->setObjectName(QStringLiteral("intro"));
    m_intro->setWordWrap(true);
    m_intro->setTextFormat(Qt::PlainText);
    m_files = makeFileList({tr("File"), tr("Frees")}, QStringLiteral("fileTable"),
                           tr("Files that are deleted"), this);
    m_foreign = new QLabel(this);
    m_foreign->setObjectName(QStringLiteral("foreignNote"));
    m_foreign->setWordWrap(true);
    m_foreign->setTextFormat(Qt::PlainText);
    m_foreign->hide();
    m_dependents = new QLabel(this);
    m_dependents->setObjectName(QStringLiteral("dependentsNote"));
    m_dependents->setWordWrap(true);
    m_dependents->setTextFormat(Qt::PlainText);
    m_dependents->hide();
    m_progress = new JobProgress(this);
    m_copy = makeDialogButton(tr("Copy as command"), QStringLiteral("copyCommandButton"), this);
    m_cancel = makeDialogButton(tr("Cancel"), QStringLiteral("cancelButton"), this);
    m_delete = makeDialogButton(tr("Delete"), QStringLiteral("deleteButton"), this);
    m_delete->setIcon(icon(Icon::Remove));
    m_delete->setEnabled(false);
    auto* row = new QHBoxLayout;
    row->setSpacing(look::kGrid);
    row->addWidget(m_copy);
    row->addStretch();
    row->addWidget(m_cancel);
    row->addWidget(m_delete);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid);
    column->setSpacing(look::kGrid);
    column->addWidget(m_messages);
    column->addWidget(m_intro);
    column->addWidget(m_files, 1);
    column->addWidget(m_foreign);
    column->addWidget(m_dependents);
    column->addWidget(m_progress);
    column->addLayout(row);
    m_cancel->setFocus();
    connect(m_copy, &QPushButton::clicked, this,
            [this] { copyFrom(*m_copy, m_manager.removeCommand(m_name, m_plan && m_plan->isByName)); });
    connect(m_cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_delete, &QPushButton::clicked, this, &RemoveDialog::startRemoval);
}

void RemoveDialog::showPlan(const jobs::RemovalPlan& plan) {
    m_plan = plan;
    const QString intro = plan.isByName
                              ? tr("The list of its files cannot be read. These in %1 have the names of such "
                                   "files and are deleted. This cannot be undone.")
                              : tr("These files in %1 are deleted. This cannot be undone.");
    m_intro->setText(intro.arg(managers::pathToQt(plan.folder)));
    m_files->clear();
    for (const jobs::PlannedFile& file : plan.files) {
        const QString frees =
            file.isLink ? tr("link only")
                        : (file.freedBytes == 0 ? tr("nothing") : managers::bytesText(file.freedBytes));
        auto* item = new QTreeWidgetItem(m_files, {toQt(file.path), frees});
        item->setTextAlignment(1, Qt::AlignRight | Qt::AlignVCenter);
        item->setFont(1, look::figureFont());
        item->setToolTip(0, toQt(file.path));
        item->setSizeHint(0, QSize(0, 3 * look::kGrid));
    }
    m_foreign->setText(tr("Not part of the model, stays with the folder: %1").arg(namesOf(plan.foreign)));
    m_foreign->setVisible(!plan.foreign.empty());
    m_delete->setText(plan.freedBytes > 0 ? tr("&Delete %1").arg(managers::bytesText(plan.freedBytes))
                                          : tr("&Delete"));
    m_delete->setEnabled(true);
}

void RemoveDialog::showDependents(const jobs::Dependents& dependents) {
    QStringList lines;
    if (!dependents.adapters.empty())
        lines << tr("Adapters that cannot be used without it: %1").arg(namesOf(dependents.adapters));
    if (!dependents.runs.empty())
        lines << tr("Runs that cannot go on without it: %1").arg(namesOf(dependents.runs));
    if (!lines.isEmpty()) lines << tr("They stay, and work again when the model is back.");
    m_dependents->setText(lines.join(QLatin1Char('\n')));
    m_dependents->setVisible(!lines.isEmpty());
}

void RemoveDialog::startRemoval() {
    m_messages->clear();
    m_job = m_manager.remove(*m_plan);
    m_delete->setEnabled(false);
    m_cancel->setText(tr("Close"));
    connect(m_job, &managers::Job::finished, this, &RemoveDialog::endRemoval);
    m_progress->follow(*m_job);
}

void RemoveDialog::endRemoval() {
    if (m_job->state() == managers::JobState::Done) {
        accept();
        return;
    }
    m_cancel->setText(tr("Cancel"));
    m_delete->setEnabled(true);
    if (m_job->error()) m_messages->showFailure(*m_job->error());
}

} // namespace llamahome::widgets
