// JobList: every job of this session. It drives the status bar, notifications and the close question. GUI
// thread.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include <QObject>

#include "core/clock.h"
#include "managers/job.h"

namespace llamahome::managers {

/// Owns the jobs. The last kKept ended ones stay, so that what failed can still be read. Outlives the task
/// runners, whose threads post to it.
class JobList final : public QObject {
    Q_OBJECT

public:
    static constexpr int kKept = 50; ///< ended jobs

    explicit JobList(const Clock& clock, QObject* parent = nullptr);
    ~JobList() override;

    /// A new job in state Waiting, owned by the list.
    Job& start(JobKind kind, const QString& title);
    /// Newest last.
    const std::vector<Job*>& jobs() const { return m_jobs; }
    std::vector<Job*> activeJobs() const;
    /// The job that works with that folder now; null: none.
    const Job* userOf(const std::filesystem::path& folder) const;
    /// Null when there is none of that id any more.
    Job* find(quint64 id) const;

    /// Runs `function` on the GUI thread, some time later. Any thread.
    void post(std::function<void()> function);

Q_SIGNALS:
    void jobStarted(llamahome::managers::Job* job);
    /// Any job's changed().
    void jobChanged(llamahome::managers::Job* job);
    void jobFinished(llamahome::managers::Job* job);

private:
    void dropOldest();

    const Clock& m_clock;
    std::vector<Job*> m_jobs;
    quint64 m_nextId = 1;
};

} // namespace llamahome::managers
