#include "managers/job_list.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace llamahome::managers {

JobList::JobList(const Clock& clock, QObject* parent)
    : QObject(parent)
    , m_clock(clock) {}

JobList::~JobList() = default;

Job& JobList::start(JobKind kind, const QString& title) {
    dropOldest();
    auto* job = new Job(m_nextId++, kind, title, m_clock, this);
    m_jobs.push_back(job);
    connect(job, &Job::changed, this, [this, job] { Q_EMIT jobChanged(job); });
    connect(job, &Job::finished, this, [this, job] { Q_EMIT jobFinished(job); });
    Q_EMIT jobStarted(job);
    return *job;
}

std::vector<Job*> JobList::activeJobs() const {
    std::vector<Job*> active;
    std::copy_if(m_jobs.begin(), m_jobs.end(), std::back_inserter(active),
                 [](const Job* job) { return job->isActive(); });
    return active;
}

const Job* JobList::userOf(const std::filesystem::path& folder) const {
    const auto found = std::find_if(m_jobs.begin(), m_jobs.end(),
                                    [&](const Job* job) { return job->isActive() && job->uses(folder); });
    return found == m_jobs.end() ? nullptr : *found;
}

Job* JobList::find(quint64 id) const {
    const auto found =
        std::find_if(m_jobs.begin(), m_jobs.end(), [id](const Job* job) { return job->id() == id; });
    return found == m_jobs.end() ? nullptr : *found;
}

void JobList::post(std::function<void()> function) {
    QMetaObject::invokeMethod(this, std::move(function), Qt::QueuedConnection);
}

void JobList::dropOldest() {
    const auto isEnded = [](const Job* job) { return !job->isActive(); };
    while (std::count_if(m_jobs.begin(), m_jobs.end(), isEnded) >= kKept) {
        const auto oldest = std::find_if(m_jobs.begin(), m_jobs.end(), isEnded);
        (*oldest)->deleteLater();
        m_jobs.erase(oldest);
    }
}

} // namespace llamahome::managers
