// AwakeKeeper: the computer stays awake while jobs are at work that people leave alone. A QObject; GUI
// thread.
#pragma once

#include <memory>
#include <string>

#include <QObject>

#include "managers/job_list.h"
#include "managers/task_runner.h"

namespace llamahome::managers {

/// From the first training, download, import or export that runs to the end of the last one; the desktop is
/// told of all that are. A paused run is at no work. The child that holds the inhibitor is begun and ended on
/// a thread of its own.
class AwakeKeeper final : public QObject {
    Q_OBJECT

public:
    /// `jobs` outlives it. `program` as for jobs::KeepAwake.
    explicit AwakeKeeper(JobList& jobs, std::string program = "systemd-inhibit", QObject* parent = nullptr);
    ~AwakeKeeper() override;

    bool isKeeping() const { return !m_why.empty(); }

private:
    class Holder;

    void look();

    JobList& m_jobs;
    std::shared_ptr<Holder> m_holder;
    std::string m_why; ///< the titles of the jobs; empty: nothing keeps it awake
    FilePool m_pool;
};

} // namespace llamahome::managers
