// SingleInstance: one window for one data root. A socket in the user's runtime folder; no port. GUI thread.
#pragma once

#include <filesystem>

#include <QLocalServer>
#include <QObject>
#include <QString>
#include <QStringList>

namespace llamahome::app {

/// `socket` is a path: two instances with the same one are the same window.
class SingleInstance final : public QObject {
    Q_OBJECT

public:
    explicit SingleInstance(const QString& socket, QObject* parent = nullptr);

    /// The socket of the window on that data root, in a folder that only this user can enter.
    static QString socketFor(const std::filesystem::path& root);

    enum class Role {
        First,    ///< this one listens from now on
        Second,   ///< another window has taken `paths` over
        Unheard,  ///< another window is there but does not answer
        Unguarded ///< neither could be: there may be two windows
    };
    /// Before the event loop; waits for the other window for at most a few seconds.
    Role enter(const QStringList& paths);

Q_SIGNALS:
    /// A second start: come to the front and open these.
    void startedAgain(const QStringList& paths);

private:
    /// First: nobody listens.
    Role handOver(const QStringList& paths);
    void serve();

    QString m_socket;
    QLocalServer m_server;
};

} // namespace llamahome::app
