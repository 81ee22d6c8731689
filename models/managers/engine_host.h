// EngineHost: the one thread that calls the engine, hence ATen. Made and destroyed on the GUI thread.
#pragma once

#include <functional>
#include <memory>

#include <QObject>
#include <QThread>

#include "config/settings.h"
#include "core/result.h"
#include "llama/engine.h"
#include "managers/task_runner.h"

namespace llamahome::managers {

/// Runs tasks one after the other on its own thread. The engine is opened by the first task that asks for it,
/// so that a window starts without libtorch. The destructor lets the running task end: cancel it first.
class EngineHost final : public TaskRunner {
public:
    using Opener = std::function<Result<std::unique_ptr<engine::Engine>>()>;

    explicit EngineHost(Opener opener);
    ~EngineHost() override;
    EngineHost(const EngineHost&) = delete;
    EngineHost& operator=(const EngineHost&) = delete;

    void post(std::function<void()> task) override;

    /// Ends the thread after the running task; what waits is dropped. For an end that does not come back to
    /// the event loop: the destructor does the same.
    void finish();

    /// Engine thread only. Opened at the first call and kept; a failure is returned again at each call.
    Result<engine::Engine*> engine();
    /// engine() for a run: with the threads of the settings; CLI-05 where their device is not there. Engine
    /// thread only.
    Result<engine::Engine*> engineFor(const config::Settings& settings);

private:
    Opener m_opener;
    std::unique_ptr<engine::Engine> m_engine; ///< made and ended on the engine thread
    QThread m_thread;
    QObject* m_receiver; ///< lives on m_thread
};

} // namespace llamahome::managers
