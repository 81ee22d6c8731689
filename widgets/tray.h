// Tray: the program's place in the desktop's tray while its window is away, and its notifications. GUI
// thread.
#pragma once

#include <QElapsedTimer>
#include <QHash>
#include <QObject>
#include <QSystemTrayIcon>

#include "managers/job_list.h"
#include "widgets/desktop_notices.h"

class QMenu;

namespace llamahome::widgets {

/// The icon is there while the window is hidden, and from the first notification on until the window is used
/// again. On a desktop without a tray the notifications come without it.
class Tray final : public QObject {
    Q_OBJECT

public:
    static constexpr qint64 kLongJobMs = 30'000; ///< a job shorter than that ends without a word

    /// `window` and `jobs` outlive it.
    Tray(QWidget& window, managers::JobList& jobs);
    ~Tray() override;

    static bool isAvailable();
    /// Shows the icon, for a window that is about to hide.
    void show();
    void hide();

Q_SIGNALS:
    void openWanted();
    void quitWanted();

private:
    void jobEnded(const managers::Job& job);

    QWidget& m_window;
    QMenu* m_menu;
    QSystemTrayIcon m_icon;
    DesktopNotices m_notices;
    QHash<quint64, QElapsedTimer> m_started;
};

} // namespace llamahome::widgets
