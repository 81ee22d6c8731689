// DesktopNotices: notifications of the desktop where there is no tray to send them from. GUI thread.
#pragma once

#include <QObject>
#include <QSet>
#include <QString>

namespace llamahome::widgets {

/// Speaks to org.freedesktop.Notifications on the session bus, which the desktops have with a tray or
/// without. Without a session bus or such a service nothing happens; nothing is waited for.
class DesktopNotices final : public QObject {
    Q_OBJECT

public:
    explicit DesktopNotices(QObject* parent = nullptr);

    /// Shows it as of this program. `isUrgent`: it stays until it is seen.
    void show(const QString& title, const QString& text, bool isUrgent);

Q_SIGNALS:
    /// One of them was clicked.
    void activated();

private Q_SLOTS:
    void hearAction(uint id, const QString& action);
    void hearClosed(uint id);

private:
    void listen();

    QSet<uint> m_shown;
    bool m_isListening = false;
};

} // namespace llamahome::widgets
