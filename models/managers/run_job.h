// runJob: one Result-returning function on a task runner, told to a Job and handed back to the GUI thread.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <QObject>
#include <QPointer>

#include "core/cancel_token.h"
#include "core/guarded.h"
#include "core/progress.h"
#include "core/result.h"
#include "managers/job.h"
#include "managers/job_list.h"
#include "managers/task_runner.h"

namespace llamahome::managers {

/// What a function on another thread gets: both may be used on that thread only.
struct JobControl {
    CancelToken cancel;
    ProgressSink progress; ///< tells the job, at most ten times a second and at the end of a phase
};

/// A sink that any thread may call; it forwards to the job of that id on the GUI thread, at most ten times a
/// second. Changes of phase and the last value of a phase always arrive.
ProgressSink jobProgress(JobList& jobs, quint64 jobId, const Clock& clock);

/// Runs `work` on `runner`, with the job's flag and progress; ends the job by its result; then calls `done`
/// with the result on the GUI thread, unless `context` is gone by then. Work whose job was cancelled before
/// its turn is not begun; an exception ends it as guarded() says. GUI thread; `jobs` outlives the runner.
template <typename T>
void runJob(TaskRunner& runner, JobList& jobs, Job& job, const Clock& clock,
            std::type_identity_t<std::function<Result<T>(const JobControl&)>> work, QObject* context,
            std::type_identity_t<std::function<void(Result<T>)>> done);

/// runJob without a job, for what is quick and needs no cancel: reading a list, a plan; not on the pool of
/// the jobs, behind which it would wait. `work` throws nothing but std::bad_alloc, which ends the program.
template <typename T>
void runTask(TaskRunner& runner, JobList& jobs, std::type_identity_t<std::function<T()>> work,
             QObject* context, std::type_identity_t<std::function<void(T)>> done);

// Implementation.

/// RUN-00 for work that is cancelled before it begins.
Error cancelledBeforeStart();

template <typename T>
std::optional<Error> errorOf(const Result<T>& result) {
    return result ? std::nullopt : std::optional<Error>(result.error());
}

template <typename T>
void runJob(TaskRunner& runner, JobList& jobs, Job& job, const Clock& clock,
            std::type_identity_t<std::function<Result<T>(const JobControl&)>> work, QObject* context,
            std::type_identity_t<std::function<void(Result<T>)>> done) {
    const JobControl control{job.cancelToken(), jobProgress(jobs, job.id(), clock)};
    runner.post([&jobs, id = job.id(), control, work = std::move(work), done = std::move(done),
                 receiver = QPointer<QObject>(context)] {
        const bool isCancelled = control.cancel.isCancelled();
        if (!isCancelled)
            jobs.post([&jobs, id] {
                if (Job* running = jobs.find(id)) running->setRunning();
            });
        auto result = std::make_shared<Result<T>>(isCancelled ? Result<T>(cancelledBeforeStart())
                                                              : guarded([&] { return work(control); }));
        jobs.post([&jobs, id, result, done, receiver] {
            if (Job* ended = jobs.find(id)) ended->finish(errorOf(*result));
            if (receiver && done) done(std::move(*result));
        });
    });
}

template <typename T>
void runTask(TaskRunner& runner, JobList& jobs, std::type_identity_t<std::function<T()>> work,
             QObject* context, std::type_identity_t<std::function<void(T)>> done) {
    runner.post(
        [&jobs, work = std::move(work), done = std::move(done), receiver = QPointer<QObject>(context)] {
            auto result = std::make_shared<T>(work());
            jobs.post([result, done, receiver] {
                if (receiver) done(std::move(*result));
            });
        });
}

} // namespace llamahome::managers
