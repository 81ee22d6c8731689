// LeaveGuard: what happens when a window is to close while work runs: the question, and the orderly end. GUI
// thread.
#pragma once

#include <vector>

#include <QMessageBox>
#include <QObject>
#include <QPointer>

#include "managers/session.h"

namespace llamahome::widgets {

class LeaveGuard final : public QObject {
    Q_OBJECT

public:
    /// Both outlive it.
    LeaveGuard(managers::Session& session, QWidget& window);

    /// True: close now. Else the question is open, or work is still coming to its end.
    bool mayClose();
    /// Stops all work in order, then readyToClose(). Without work that is at once.
    void leave();
    /// The desktop's session ends: work is told to stop and the window does not ask, unless other work begins
    /// after all.
    void endSession();
    /// Whether work was stopped on the way out.
    bool hasStoppedWork() const { return m_hasStoppedWork; }

Q_SIGNALS:
    void keepRunningWanted();
    /// Work has been told to stop.
    void leaving();
    void readyToClose();

private:
    void ask();
    void addStopButtons(QMessageBox& question, bool isSaved);
    void answer(QMessageBox::ButtonRole role);
    /// Jobs whose end would lose something.
    std::vector<managers::Job*> work() const;
    void stopWork();
    void closeIfIdle();

    managers::Session& m_session;
    QWidget& m_window;
    QPointer<QMessageBox> m_question;
    bool m_isLeaving = false;
    bool m_isSessionEnding = false;
    bool m_hasStoppedWork = false;
    jobs::StopKeeps m_keeps = jobs::StopKeeps::Best; ///< of a training that is stopped
};

} // namespace llamahome::widgets
