#include "widgets/verify_dialog.h"

#include <utility>

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTreeView>
#include <QVBoxLayout>

#include "items/check_table.h"
#include "managers/model_words.h"
#include "managers/text.h"
#include "widgets/buttons.h"
#include "widgets/copy_text.h"
#include "widgets/job_progress.h"
#include "widgets/look.h"
#include "widgets/message_bar.h"
#include "widgets/status_icons.h"
#include "widgets/window_memory.h"

namespace llamahome::widgets {
namespace {

constexpr QSize kSize(90 * look::kGrid, 56 * look::kGrid);

} // namespace

VerifyDialog::VerifyDialog(managers::ModelManager& manager, WindowMemory& memory, const QString& name,
                           bool deep, QWidget* parent)
    : QDialog(parent)
    , m_manager(manager)
    , m_name(name)
    , m_checks(new items::CheckTable(this)) {
    setObjectName(QStringLiteral("verifyDialog"));
    setWindowTitle(tr("Verify %1").arg(name));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(kSize);
    build(memory);
    connect(&m_manager, &managers::ModelManager::verified, this,
            [this](const managers::Job* job, const QString&, const jobs::VerifyReport& report) {
                if (job != nullptr && job == m_job) showReport(report);
            });
    connect(this, &QDialog::finished, this, [this] {
        if (m_job) m_job->cancel();
    });
    start(deep);
}

void VerifyDialog::build(WindowMemory& memory) {
    m_messages = new MessageBar(this);
    m_outcome = new QLabel(this);
    m_outcome->setObjectName(QStringLiteral("outcome"));
    m_outcome->setWordWrap(true);
    m_outcome->setTextFormat(Qt::PlainText);
    m_progress = new JobProgress(this);
    m_table = new QTreeView(this);
    m_table->setObjectName(QStringLiteral("checkTable"));
    m_table->setAccessibleName(tr("Checks"));
    m_table->setModel(m_checks);
    m_table->setItemDelegateForColumn(items::CheckTable::Outcome, new CheckDelegate(m_table));
    m_table->setRootIsDecorated(false);
    m_table->setUniformRowHeights(true);
    m_table->setAlternatingRowColors(true);
    m_table->setColumnWidth(items::CheckTable::Check, 20 * look::kGrid);
    m_table->setColumnWidth(items::CheckTable::Outcome, 13 * look::kGrid);
    m_table->header()->setStretchLastSection(false);
    m_table->header()->setSectionResizeMode(items::CheckTable::Found, QHeaderView::Stretch);
    m_table->setColumnWidth(items::CheckTable::Remedy, 16 * look::kGrid);
    memory.keep(*m_table->header(), QStringLiteral("models/checksAndRepairs"));
    m_finding = new QLabel(this);
    m_finding->setObjectName(QStringLiteral("finding"));
    m_finding->setAccessibleName(tr("What the chosen check found"));
    m_finding->setWordWrap(true);
    m_finding->setTextFormat(Qt::PlainText);
    m_finding->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_copy = makeDialogButton(tr("Copy as command"), QStringLiteral("copyCommandButton"), this);
    m_deep = makeDialogButton(tr("Verify &every byte"), QStringLiteral("deepButton"), this);
    m_deep->setToolTip(tr("Also reads all files, compares their hashes and looks at every weight."));
    m_close = makeDialogButton(tr("Close"), QStringLiteral("closeButton"), this);
    auto* row = new QHBoxLayout;
    row->setSpacing(look::kGrid);
    row->addWidget(m_copy);
    row->addStretch();
    row->addWidget(m_deep);
    row->addWidget(m_close);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid);
    column->setSpacing(look::kGrid);
    column->addWidget(m_messages);
    column->addWidget(m_outcome);
    column->addWidget(m_progress);
    column->addWidget(m_table, 1);
    column->addWidget(m_finding);
    column->addLayout(row);
    connect(m_copy, &QPushButton::clicked, this,
            [this] { copyFrom(*m_copy, m_manager.verifyCommand(m_name, m_isDeep)); });
    connect(m_deep, &QPushButton::clicked, this, [this] { start(true); });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            &VerifyDialog::showFinding);
    connect(m_close, &QPushButton::clicked, this, [this] {
        if (m_job && m_job->isActive())
            m_job->cancel();
        else
            close();
    });
}

void VerifyDialog::start(bool deep) {
    m_isDeep = deep;
    m_job = m_manager.verify(m_name, deep);
    if (!m_job) {
        m_outcome->setText(tr("%1 is not there any more.").arg(m_name));
        return;
    }
    m_messages->clear();
    m_checks->setChecks({});
    showFinding();
    m_outcome->setText(deep ? tr("Checking structure and every byte of %1.").arg(m_name)
                            : tr("Checking structure, sizes and tokenizer of %1.").arg(m_name));
    setBusy(true);
    connect(m_job, &managers::Job::finished, this, &VerifyDialog::end);
    m_progress->follow(*m_job);
    m_close->setFocus();
}

void VerifyDialog::setBusy(bool isBusy) {
    m_close->setText(isBusy ? tr("Stop") : tr("Close"));
    m_deep->setEnabled(!isBusy);
}

void VerifyDialog::end() {
    setBusy(false);
    if (m_job->state() == managers::JobState::Failed) {
        m_outcome->clear();
        m_messages->showFailure(*m_job->error(), tr("Try again"), [this] { start(m_isDeep); });
    }
    if (m_job->state() == managers::JobState::Cancelled)
        m_outcome->setText(tr("Stopped before the checks were through. Nothing was changed."));
}

void VerifyDialog::showReport(const jobs::VerifyReport& report) {
    std::vector<jobs::CheckResult> checks = report.checks;
    auto entry = m_manager.find(m_name);
    if (!entry) entry = m_manager.findAdapter(m_name);
    for (jobs::CheckResult& check : checks)
        if (entry) check.reason = managers::fromQt(managers::withoutFolder(check.reason, *entry));
    m_checks->setChecks(std::move(checks));
    showRepairs();
    m_table->setCurrentIndex(m_checks->index(m_checks->worstRow(), items::CheckTable::Check));
    showFinding();
    if (!report.ok)
        m_outcome->setText(tr("%1 is not whole. What failed is below, with what helps.").arg(m_name));
    else if (m_isDeep)
        m_outcome->setText(tr("%1 is whole, every byte.").arg(m_name));
    else
        m_outcome->setText(tr("%1 is whole. Verify every byte also compares all hashes.").arg(m_name));
}

void VerifyDialog::showFinding() {
    m_finding->setText(m_checks->finding(m_table->currentIndex().row()));
}

void VerifyDialog::showRepairs() {
    for (int row = 0; row < m_checks->rowCount(); ++row) {
        const auto& remedy = m_checks->repair(row);
        if (!remedy) continue;
        auto* button = new QPushButton(managers::repairWord(remedy->kind), m_table);
        button->setObjectName(QStringLiteral("repairButton"));
        button->setToolTip(managers::repairSentence(remedy->kind));
        const QString check = m_checks->index(row, items::CheckTable::Check).data().toString();
        button->setAccessibleName(tr("%1: %2").arg(check, button->text()));
        connect(button, &QPushButton::clicked, this, [this, remedy = *remedy] { repair(remedy); });
        m_table->setIndexWidget(m_checks->index(row, items::CheckTable::Remedy), button);
    }
}

void VerifyDialog::repair(const jobs::Repair& repair) {
    if (!jobs::isRepairable(repair)) {
        close();
        if (repair.kind == jobs::RepairKind::FetchAgain)
            Q_EMIT fetchAgainRequested(m_name);
        else
            Q_EMIT getAgainRequested(m_name);
        return;
    }
    m_job = m_manager.repair(m_name, repair);
    if (!m_job) return;
    m_messages->clear();
    m_checks->setChecks({});
    showFinding();
    m_outcome->setText(tr("Repairing %1.").arg(m_name));
    setBusy(true);
    connect(m_job, &managers::Job::finished, this, [this, repair] {
        setBusy(false);
        m_outcome->clear();
        if (m_job->state() == managers::JobState::Done)
            start(m_isDeep);
        else if (m_job->state() == managers::JobState::Failed)
            m_messages->showFailure(*m_job->error(), tr("Try again"),
                                    [this, repair] { this->repair(repair); });
    });
    m_progress->follow(*m_job);
}

} // namespace llamahome::widgets
