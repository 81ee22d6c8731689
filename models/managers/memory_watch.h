// MemoryWatch: the machine's memory for the status bar, read every two seconds. A QObject; GUI thread.
#pragma once

#include <chrono>

#include <QObject>
#include <QThreadPool>
#include <QTimer>

#include "core/machine.h"

namespace llamahome::managers {

/// Reads on one thread of its own: the file pool may be busy with hashing for minutes, and even /proc is not
/// read on the GUI thread.
class MemoryWatch final : public QObject {
    Q_OBJECT

public:
    static constexpr std::chrono::milliseconds kBetween{2000};

    explicit MemoryWatch(QObject* parent = nullptr);
    ~MemoryWatch() override;

    /// Nothing but zeros until changed().
    const MemoryState& state() const { return m_state; }

Q_SIGNALS:
    void changed();

private:
    void read();

    MemoryState m_state;
    bool m_isReading = false;
    QTimer m_timer;
    QThreadPool m_pool;
};

} // namespace llamahome::managers
