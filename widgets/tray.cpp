#include "widgets/tray.h"

#include <QApplication>
#include <QMenu>

#include "items/job_words.h"
#include "widgets/icons.h"

namespace llamahome::widgets {
using managers::Job;
using managers::JobList;

Tray::Tray(QWidget& window, JobList& jobs)
    : QObject(&window)
    , m_window(window)
    , m_menu(new QMenu(&window))
    , m_icon(icon(Icon::App)) {
    connect(m_menu->addAction(tr("&Open LlamaHome")), &QAction::triggered, this, &Tray::openWanted);
    connect(m_menu->addAction(tr("&Quit")), &QAction::triggered, this, &Tray::quitWanted);
    m_icon.setContextMenu(m_menu);
    m_icon.setToolTip(QStringLiteral("LlamaHome"));
    connect(&m_icon, &QSystemTrayIcon::activated, this, [this](QSystemTrayIcon::ActivationReason reason) {
        if (reason != QSystemTrayIcon::Context) Q_EMIT openWanted();
    });
    connect(&m_icon, &QSystemTrayIcon::messageClicked, this, &Tray::openWanted);
    connect(&m_notices, &DesktopNotices::activated, this, &Tray::openWanted);
    connect(&jobs, &JobList::jobStarted, this, [this](const Job* job) { m_started[job->id()].start(); });
    connect(&jobs, &JobList::jobFinished, this, [this](const Job* job) { jobEnded(*job); });
    connect(&jobs, &JobList::jobChanged, this, [this](const Job* job) {
        if (m_icon.isVisible() && job->isActive()) m_icon.setToolTip(items::jobLine(*job));
    });
}

Tray::~Tray() = default;

bool Tray::isAvailable() {
    return QSystemTrayIcon::isSystemTrayAvailable();
}

void Tray::show() {
    m_icon.show();
}

void Tray::hide() {
    m_icon.hide();
}

void Tray::jobEnded(const Job& job) {
    const QElapsedTimer since = m_started.take(job.id());
    const bool isLong = since.isValid() && since.elapsed() >= kLongJobMs;
    if (!isLong || m_window.isActiveWindow()) return;
    QApplication::alert(&m_window);
    if (!isAvailable()) return m_notices.show(job.title(), items::jobEndWords(job), job.error().has_value());
    m_icon.show();
    m_icon.showMessage(job.title(), items::jobEndWords(job),
                       job.error() ? QSystemTrayIcon::Warning : QSystemTrayIcon::Information);
}

} // namespace llamahome::widgets
