// AwakeKeeper: the computer stays awake while jobs are at work that people leave alone. A QObject; GUI
// thread.
#pragma once

#include <optional>
#include <string>

#include <QObject>

#include "jobs/system/keep_awake.h"
#include "managers/job_list.h"

namespace llamahome::managers {

/// From the first training, download, import or export that runs to the end of the last one. A paused run is
/// at no work.
class AwakeKeeper final : public QObject {
    Q_OBJECT

public:
    /// `jobs` outlives it. `program` as for jobs::KeepAwake.
    explicit AwakeKeeper(JobList& jobs, std::string program = "systemd-inhibit", QObject* parent = nullptr);

    bool isKeeping() const { return m_awake.has_value(); }

private:
    void look();

    JobList& m_jobs;
    std::string m_program;
    std::optional<jobs::KeepAwake> m_awake;
};

} // namespace llamahome::managers
