#include "widgets/job_progress.h"

#include <QLabel>
#include <QProgressBar>
#include <QVBoxLayout>

#include "items/job_words.h"
#include "managers/text.h"
#include "widgets/look.h"

namespace llamahome::widgets {
JobProgress::JobProgress(QWidget* parent)
    : QWidget(parent)
    , m_phase(new QLabel(this))
    , m_bar(new QProgressBar(this))
    , m_amounts(look::makeNote({}, this)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(look::kGrid / 2);
    column->addWidget(m_phase);
    column->addWidget(m_bar);
    column->addWidget(m_amounts);
    m_phase->setTextFormat(Qt::PlainText);
    m_bar->setObjectName(QStringLiteral("jobBar"));
    m_bar->setTextVisible(false);
    m_bar->setAccessibleName(tr("Progress"));
    hide();
}

void JobProgress::follow(managers::Job& job) {
    if (m_job) m_job->disconnect(this);
    m_job = &job;
    connect(&job, &managers::Job::changed, this, &JobProgress::refresh);
    refresh();
}

void JobProgress::refresh() {
    setVisible(m_job && m_job->isActive());
    if (!isVisibleTo(parentWidget())) return;
    const Progress& progress = m_job->progress();
    const bool isStopping = m_job->state() == managers::JobState::Stopping;
    const QString phase = progress.phase.empty() ? m_job->title() : managers::toQt(progress.phase);
    m_phase->setText(isStopping ? tr("Stopping…") : phase);
    const int percent = items::jobPercent(*m_job);
    m_bar->setRange(0, percent < 0 ? 0 : 100);
    if (percent >= 0) m_bar->setValue(percent);
    QStringList amounts{items::jobAmountWords(*m_job), items::jobRateWords(*m_job),
                        items::jobLeftWords(*m_job)};
    amounts.removeAll(QString());
    m_amounts->setText(amounts.join(QStringLiteral(" · ")));
}

} // namespace llamahome::widgets
