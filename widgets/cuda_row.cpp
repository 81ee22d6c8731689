#include "widgets/cuda_row.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QMessageBox>
#include <QPushButton>
#include <QShowEvent>
#include <QVBoxLayout>

#include "widgets/buttons.h"
#include "widgets/job_progress.h"
#include "widgets/look.h"

namespace llamahome::widgets {

using managers::CudaManager;

CudaRow::CudaRow(CudaManager& manager, QWidget* parent)
    : QWidget(parent)
    , m_manager(manager)
    , m_text(new QLabel(this))
    , m_progress(new JobProgress(this))
    , m_install(makeButton(tr("&Install…"), Icon::Downloads, QStringLiteral("installCudaButton"), this))
    , m_remove(makeButton(tr("&Remove…"), Icon::Remove, QStringLiteral("removeCudaButton"), this)) {
    m_text->setObjectName(QStringLiteral("cudaText"));
    m_text->setTextFormat(Qt::PlainText);
    m_text->setWordWrap(true);
    m_install->setAccessibleName(tr("Install the CUDA component"));
    m_remove->setAccessibleName(tr("Remove the CUDA component"));
    auto* column = new QVBoxLayout;
    column->addWidget(m_text);
    column->addWidget(m_progress);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    row->addLayout(column, 1);
    row->addWidget(m_install);
    row->addWidget(m_remove);
    connect(m_install, &QPushButton::clicked, this,
            [this] { ask(m_manager.installQuestion(), tr("&Fetch it"), [this] { m_manager.install(); }); });
    connect(m_remove, &QPushButton::clicked, this,
            [this] { ask(m_manager.removeQuestion(), tr("&Remove it"), [this] { m_manager.remove(); }); });
    connect(&m_manager, &CudaManager::changed, this, &CudaRow::showState);
    showState();
}

void CudaRow::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (!event->spontaneous() && m_manager.job() == nullptr) m_manager.refresh();
}

void CudaRow::showState() {
    managers::Job* job = m_manager.job();
    m_text->setText(m_manager.text());
    m_install->setVisible(m_manager.canInstall());
    m_remove->setVisible(m_manager.canRemove());
    m_install->setEnabled(job == nullptr);
    m_remove->setEnabled(job == nullptr);
    if (job != nullptr) m_progress->follow(*job);
}

void CudaRow::ask(const QString& question, const QString& answer, const std::function<void()>& action) {
    auto* box =
        new QMessageBox(QMessageBox::Question, tr("CUDA component"), question, QMessageBox::Cancel, window());
    box->setObjectName(QStringLiteral("cudaQuestion"));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setTextFormat(Qt::PlainText);
    auto* yes = box->addButton(answer, QMessageBox::AcceptRole);
    yes->setObjectName(QStringLiteral("cudaYes"));
    box->setDefaultButton(QMessageBox::Cancel);
    connect(yes, &QPushButton::clicked, this, action);
    box->open();
}

} // namespace llamahome::widgets
