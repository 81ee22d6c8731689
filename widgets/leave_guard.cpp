#include "widgets/leave_guard.h"

#include <algorithm>

#include <QPushButton>
#include <QStringList>

#include "items/job_words.h"
#include "widgets/stop_question.h"
#include "widgets/tray.h"

namespace llamahome::widgets {
using managers::Job;
using managers::JobKind;
using managers::JobList;
namespace {

/// Its end would lose something; that of a look at a file would not.
bool isWork(const Job& job) {
    return job.kind() != JobKind::Inspect;
}

/// What its end leaves; empty where that goes without saying.
QString endWords(JobKind kind) {
    switch (kind) {
    case JobKind::Train:
        return LeaveGuard::tr("Stopped training writes a checkpoint and can be continued.");
    case JobKind::Chat:
        return LeaveGuard::tr("A stopped answer is kept as far as it has come.");
    case JobKind::Import:
        return LeaveGuard::tr("A stopped import keeps nothing; begin it again another time.");
    case JobKind::Verify:
        return LeaveGuard::tr("A stopped check changes nothing.");
    case JobKind::Export:
        return LeaveGuard::tr("A stopped export leaves nothing; begin it again another time.");
    case JobKind::Evaluate:
        return LeaveGuard::tr("A stopped evaluation keeps nothing; begin it again another time.");
    case JobKind::Download:
        return LeaveGuard::tr("A stopped download goes on where it ended when it is started again.");
    case JobKind::Remove:
        return LeaveGuard::tr("A removal is brought to its end first.");
    case JobKind::Inspect:
    case JobKind::Report:
        break;
    }
    return {};
}

QString queueWords(const managers::TrainingQueue& queue) {
    const std::size_t waiting = queue.waiting();
    if (waiting == 0) return {};
    return waiting == 1 ? LeaveGuard::tr("1 training in the queue waits for the next start of the program.")
                        : LeaveGuard::tr("%1 trainings in the queue wait for the next start of the program.")
                              .arg(waiting);
}

bool savesSomething(const Job* job) {
    return job->kind() == JobKind::Train || job->kind() == JobKind::Chat;
}

} // namespace

LeaveGuard::LeaveGuard(managers::Session& session, QWidget& window)
    : QObject(&window)
    , m_session(session)
    , m_window(window) {
    connect(&session.context.jobs, &JobList::jobFinished, this, &LeaveGuard::closeIfIdle,
            Qt::QueuedConnection);
    // Nobody tells that a logout was called off; work that begins after it does.
    connect(&session.context.jobs, &JobList::jobStarted, this, [this](const Job* job) {
        if (isWork(*job)) m_isSessionEnding = false;
    });
}

bool LeaveGuard::mayClose() {
    if (m_isSessionEnding || work().empty()) return true;
    if (!m_isLeaving && m_question.isNull()) ask();
    return false;
}

void LeaveGuard::leave() {
    if (m_question) m_question->close();
    m_isLeaving = true;
    stopWork();
    Q_EMIT leaving();
    closeIfIdle();
}

void LeaveGuard::endSession() {
    m_isSessionEnding = true;
    if (m_question) m_question->close();
    stopWork();
}

void LeaveGuard::ask() {
    const std::vector<Job*> jobs = work();
    QStringList lines;
    QStringList ends{Tray::isAvailable()
                         ? tr("It can go on while the window is away; the icon in the tray brings the "
                              "window back.")
                         : tr("It can go on while the window is minimised.")};
    for (const Job* job : jobs) {
        lines.append(items::jobLine(*job));
        const bool isAsked = job->kind() == JobKind::Train && isStopAsked(m_session.training);
        ends.append(isAsked ? stopWords(m_session.training) : endWords(job->kind()));
    }
    ends.append(queueWords(m_session.training.queue()));
    ends.removeAll(QString());
    ends.removeDuplicates();
    const bool isSaved = std::any_of(jobs.begin(), jobs.end(), savesSomething);
    auto* question = new QMessageBox(QMessageBox::Question, tr("Close LlamaHome"),
                                     tr("Work is still running."), QMessageBox::NoButton, &m_window);
    question->setObjectName(QStringLiteral("closeQuestion"));
    question->setAttribute(Qt::WA_DeleteOnClose);
    question->setTextFormat(Qt::PlainText);
    question->setInformativeText(lines.join(u'\n') + QStringLiteral("\n\n") + ends.join(u' '));
    auto* keep = question->addButton(tr("&Keep running in the background"), QMessageBox::AcceptRole);
    keep->setObjectName(QStringLiteral("keepRunning"));
    addStopButtons(*question, isSaved);
    auto* cancel = question->addButton(tr("&Cancel"), QMessageBox::RejectRole);
    cancel->setObjectName(QStringLiteral("cancelClose"));
    question->setDefaultButton(keep);
    question->setEscapeButton(cancel);
    connect(question, &QMessageBox::buttonClicked, this, [this, question](QAbstractButton* button) {
        for (const StopChoice& choice : stopChoices(m_session.training))
            if (choice.name == button->objectName()) m_keeps = choice.keeps;
        answer(question->buttonRole(button));
    });
    m_question = question;
    question->open();
}

void LeaveGuard::addStopButtons(QMessageBox& question, bool isSaved) {
    if (!isStopAsked(m_session.training)) {
        const QString text = isSaved ? tr("&Stop, save and close") : tr("&Stop and close");
        question.addButton(text, QMessageBox::DestructiveRole)->setObjectName(QStringLiteral("stopAndSave"));
        return;
    }
    for (const StopChoice& choice : stopChoices(m_session.training))
        question.addButton(choice.text, QMessageBox::DestructiveRole)->setObjectName(choice.name);
}

void LeaveGuard::answer(QMessageBox::ButtonRole role) {
    if (role == QMessageBox::DestructiveRole)
        leave();
    else if (role == QMessageBox::AcceptRole)
        Q_EMIT keepRunningWanted();
}

std::vector<Job*> LeaveGuard::work() const {
    std::vector<Job*> jobs = m_session.context.jobs.activeJobs();
    std::erase_if(jobs, [](const Job* job) { return !isWork(*job); });
    return jobs;
}

void LeaveGuard::stopWork() {
    m_hasStoppedWork = m_hasStoppedWork || !work().empty();
    m_session.training.queue().hold();
    m_session.training.stop(m_keeps);
    m_session.cancelAll();
}

void LeaveGuard::closeIfIdle() {
    if (m_isLeaving && m_session.context.jobs.activeJobs().empty()) Q_EMIT readyToClose();
}

} // namespace llamahome::widgets
