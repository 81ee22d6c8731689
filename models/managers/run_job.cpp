#include "managers/run_job.h"

#include "core/error_codes.h"

namespace llamahome::managers {
namespace {

constexpr double kLeastSecondsBetween = 0.1;

struct Throttle {
    std::string phase;
    double lastSent = -1.0;
};

} // namespace

ProgressSink jobProgress(JobList& jobs, quint64 jobId, const Clock& clock) {
    return [&jobs, jobId, &clock, throttle = std::make_shared<Throttle>()](const Progress& progress) {
        const double now = clock.monotonicSeconds();
        const bool isPhaseEnd = progress.total > 0 && progress.done >= progress.total;
        const bool isDue = throttle->lastSent < 0.0 || now - throttle->lastSent >= kLeastSecondsBetween;
        if (!isDue && !isPhaseEnd && progress.phase == throttle->phase) return;
        throttle->lastSent = now;
        throttle->phase = progress.phase;
        jobs.post([&jobs, jobId, progress] {
            if (Job* job = jobs.find(jobId)) job->setProgress(progress);
        });
    };
}

Error cancelledBeforeStart() {
    return Error{codes::kCancelled, "stopped before it began; nothing was changed"};
}

} // namespace llamahome::managers
