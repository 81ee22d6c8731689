#include "managers/awake_keeper.h"

#include <algorithm>
#include <utility>

#include "managers/text.h"

namespace llamahome::managers {
namespace {

bool keepsAwake(const Job& job) {
    switch (job.kind()) {
    case JobKind::Train:
    case JobKind::Download:
    case JobKind::Import:
    case JobKind::Export:
    case JobKind::Evaluate:
        return job.state() == JobState::Running || job.state() == JobState::Stopping;
    default:
        return false;
    }
}

} // namespace

AwakeKeeper::AwakeKeeper(JobList& jobs, std::string program, QObject* parent)
    : QObject(parent)
    , m_jobs(jobs)
    , m_program(std::move(program)) {
    connect(&m_jobs, &JobList::jobChanged, this, &AwakeKeeper::look);
    connect(&m_jobs, &JobList::jobFinished, this, &AwakeKeeper::look);
}

void AwakeKeeper::look() {
    const auto active = m_jobs.activeJobs();
    const auto job =
        std::find_if(active.begin(), active.end(), [](const Job* one) { return keepsAwake(*one); });
    if (job == active.end())
        m_awake.reset();
    else if (!m_awake)
        m_awake.emplace(fromQt((*job)->title()), m_program);
}

} // namespace llamahome::managers
