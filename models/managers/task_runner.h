// TaskRunner: threads of their own for what may block. Made and destroyed on the GUI thread; post() from any.
#pragma once

#include <functional>

#include <QObject>
#include <QThread>
#include <QThreadPool>

namespace llamahome::managers {

class TaskRunner {
public:
    virtual ~TaskRunner() = default;
    /// Runs `task` on a thread of this runner, in order of arrival; returns at once.
    virtual void post(std::function<void()> task) = 0;
};

/// Hashing, scanning, deleting, inspecting data: value in, Result out. What takes long has a pool of its own,
/// so that no list waits for an import. The destructor waits for what runs and drops what waits.
class FilePool final : public TaskRunner {
public:
    static constexpr int kThreads = 2;

    FilePool();
    ~FilePool() override;
    void post(std::function<void()> task) override;

private:
    QThreadPool m_pool;
};

} // namespace llamahome::managers
