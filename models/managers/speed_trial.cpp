#include "managers/speed_trial.h"

#include <utility>

#include "core/error_codes.h"
#include "jobs/train/rate_trial.h"
#include "managers/run_job.h"

namespace llamahome::managers {

SpeedTrial::SpeedTrial(ManagerContext& context, QObject* parent)
    : QObject(parent)
    , m_context(context) {}

SpeedTrial::~SpeedTrial() {
    cancel();
}

void SpeedTrial::begin(Wish wish) {
    if (isRunning()) return;
    Job& job =
        m_context.jobs.start(JobKind::Inspect, tr("Measuring how fast %1 trains here").arg(wish.model));
    job.setFolders({wish.folder});
    m_job = &job;
    Q_EMIT changed();
    runJob<jobs::TrainRate>(
        m_context.engine, m_context.jobs, job, *m_context.workspace.clock,
        [&context = m_context, plan = std::move(wish.plan),
         forecast = std::move(wish.forecast)](const JobControl& control) -> Result<jobs::TrainRate> {
            const jobs::TrainPlan wanted = plan();
            const auto engine = context.engine.engineFor(wanted.settings);
            if (!engine) return engine.error();
            return jobs::measureRate(wanted, forecast, **engine, *context.workspace.files, control.cancel,
                                     control.progress);
        },
        this, [this, key = std::move(wish.key)](const Result<jobs::TrainRate>& rate) { take(key, rate); });
}

void SpeedTrial::cancel() {
    if (m_job) m_job->cancel();
}

std::optional<jobs::TrainRate> SpeedTrial::rateFor(const std::string& key) const {
    return key == m_key ? m_rate : std::nullopt;
}

void SpeedTrial::take(const std::string& key, const Result<jobs::TrainRate>& rate) {
    m_job = nullptr;
    if (rate) {
        m_key = key;
        m_rate = *rate;
    }
    Q_EMIT changed();
    if (!rate && rate.error().code != codes::kCancelled) Q_EMIT failed(rate.error());
}

} // namespace llamahome::managers
