#include "managers/engine_host.h"

#include <cassert>
#include <utility>

#include "jobs/open_model.h"

namespace llamahome::managers {

EngineHost::EngineHost(Opener opener)
    : m_opener(std::move(opener))
    , m_receiver(new QObject) {
    m_thread.setObjectName(QStringLiteral("engine"));
    m_receiver->moveToThread(&m_thread);
    QObject::connect(&m_thread, &QThread::finished, m_receiver, [this] { m_engine.reset(); });
    QObject::connect(&m_thread, &QThread::finished, m_receiver, &QObject::deleteLater);
    m_thread.start();
}

EngineHost::~EngineHost() {
    finish();
}

void EngineHost::finish() {
    m_thread.quit();
    m_thread.wait();
}

void EngineHost::post(std::function<void()> task) {
    QMetaObject::invokeMethod(m_receiver, std::move(task), Qt::QueuedConnection);
}

Result<engine::Engine*> EngineHost::engine() {
    assert(QThread::currentThread() == &m_thread);
    if (m_engine) return m_engine.get();
    auto opened = m_opener();
    if (!opened) return opened.error();
    m_engine = std::move(*opened);
    return m_engine.get();
}

Result<engine::Engine*> EngineHost::engineFor(const config::Settings& settings) {
    if (auto there = jobs::checkDevice(settings.training.device); !there) return there.error();
    auto opened = engine();
    if (!opened) return opened;
    if (auto set = (*opened)->setThreads(settings.model.threads); !set) return set.error();
    return opened;
}

} // namespace llamahome::managers
