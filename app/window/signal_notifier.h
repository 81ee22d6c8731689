// SignalNotifier: SIGINT, SIGTERM and SIGHUP as a Qt signal; the second one ends the program at once. One at
// a time; GUI thread.
#pragma once

#include <QObject>

namespace llamahome::app {

class SignalNotifier final : public QObject {
    Q_OBJECT

public:
    explicit SignalNotifier(QObject* parent = nullptr);
    ~SignalNotifier() override;

Q_SIGNALS:
    /// The first signal: stop in order.
    void stopWanted();

private:
    void read();

    int m_pipe[2] = {-1, -1};
};

} // namespace llamahome::app
