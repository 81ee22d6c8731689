#include "managers/awake_keeper.h"

#include <mutex>
#include <utility>

#include <QStringList>

#include "jobs/system/keep_awake.h"
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

/// The child, of several wishes for the last only. put() on the GUI thread, the rest on the pool.
class AwakeKeeper::Holder {
public:
    explicit Holder(std::string program)
        : m_program(std::move(program)) {}

    void put(std::string why) {
        const std::lock_guard guard(m_wishGuard);
        m_wish = std::move(why);
    }
    /// The new child is there before the old one goes.
    void drain() {
        const std::lock_guard child(m_childGuard);
        std::string wish;
        {
            const std::lock_guard guard(m_wishGuard);
            wish = m_wish;
        }
        if (wish == m_why) return;
        auto before = std::exchange(
            m_awake, wish.empty() ? nullptr : std::make_unique<jobs::KeepAwake>(wish, m_program));
        m_why = std::move(wish);
    }

private:
    std::string m_program;
    std::mutex m_wishGuard;
    std::string m_wish;
    std::mutex m_childGuard; ///< held while a child begins or ends
    std::string m_why;
    std::unique_ptr<jobs::KeepAwake> m_awake;
};

AwakeKeeper::AwakeKeeper(JobList& jobs, std::string program, QObject* parent)
    : QObject(parent)
    , m_jobs(jobs)
    , m_holder(std::make_shared<Holder>(std::move(program))) {
    connect(&m_jobs, &JobList::jobChanged, this, &AwakeKeeper::look);
    connect(&m_jobs, &JobList::jobFinished, this, &AwakeKeeper::look);
}

AwakeKeeper::~AwakeKeeper() = default;

void AwakeKeeper::look() {
    QStringList titles;
    for (const Job* job : m_jobs.activeJobs())
        if (keepsAwake(*job)) titles << job->title();
    std::string why = fromQt(titles.join(QStringLiteral(", ")));
    if (why == m_why) return;
    m_why = why;
    m_holder->put(std::move(why));
    m_pool.post([holder = m_holder] { holder->drain(); });
}

} // namespace llamahome::managers
