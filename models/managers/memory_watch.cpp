#include "managers/memory_watch.h"

namespace llamahome::managers {

MemoryWatch::MemoryWatch(QObject* parent)
    : QObject(parent) {
    m_pool.setMaxThreadCount(1);
    m_timer.setInterval(kBetween);
    connect(&m_timer, &QTimer::timeout, this, &MemoryWatch::read);
    m_timer.start();
    read();
}

MemoryWatch::~MemoryWatch() {
    m_pool.waitForDone();
}

void MemoryWatch::read() {
    if (m_isReading) return;
    m_isReading = true;
    m_pool.start([this] {
        const MemoryState found = memoryState();
        QMetaObject::invokeMethod(
            this,
            [this, found] {
                m_isReading = false;
                m_state = found;
                Q_EMIT changed();
            },
            Qt::QueuedConnection);
    });
}

} // namespace llamahome::managers
