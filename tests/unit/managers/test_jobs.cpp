#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <QSignalSpy>
#include <QTest>

#include "core/error_codes.h"
#include "managers/job_list.h"
#include "managers/model_manager.h"
#include "managers/run_job.h"
#include "managers/task_runner.h"
#include "managers/text.h"
#include "support/fixed_clock.h"
#include "support/manager_ground.h"
#include "support/step_gate.h"

using namespace llamahome;
using namespace llamahome::managers;
using llamahome::testing::FixedClock;
using llamahome::testing::kPatienceMs;
using llamahome::testing::ManagerGround;
using llamahome::testing::StepGate;

namespace {

/// Keeps tasks until the test runs them, on the test's own thread.
class HeldRunner final : public TaskRunner {
public:
    void post(std::function<void()> task) override { m_tasks.push_back(std::move(task)); }
    void runAll() {
        for (auto& task : std::exchange(m_tasks, {}))
            task();
    }

private:
    std::vector<std::function<void()>> m_tasks;
};

} // namespace

class TestJobs final : public QObject {
    Q_OBJECT

private:
    FixedClock m_clock;

private Q_SLOTS:
    void aJobThatIsCancelledBeforeItsTurnIsNotBegun() {
        JobList jobs(m_clock);
        HeldRunner runner;
        Job& job = jobs.start(JobKind::Verify, QStringLiteral("Checking"));
        bool hasBegun = false;
        std::optional<Error> told;
        runJob<int>(
            runner, jobs, job, m_clock,
            [&](const JobControl&) -> Result<int> {
                hasBegun = true;
                return 1;
            },
            this, [&](const Result<int>& result) { told = errorOf(result); });
        job.cancel();
        QCOMPARE(job.state(), JobState::Stopping);
        runner.runAll();
        QTRY_COMPARE_WITH_TIMEOUT(job.state(), JobState::Cancelled, kPatienceMs);
        QVERIFY(!hasBegun);
        QVERIFY(told && told->code == codes::kCancelled);
    }

    void aJobRunsAndEndsByItsResult() {
        JobList jobs(m_clock);
        FilePool pool;
        Job& good = jobs.start(JobKind::Import, QStringLiteral("Good"));
        Job& bad = jobs.start(JobKind::Import, QStringLiteral("Bad"));
        QSignalSpy finished(&jobs, &JobList::jobFinished);
        int value = 0;
        runJob<int>(
            pool, jobs, good, m_clock, [](const JobControl&) -> Result<int> { return 7; }, this,
            [&](const Result<int>& result) { value = *result; });
        runJob<int>(pool, jobs, bad, m_clock,
                    [](const JobControl&) -> Result<int> {
                        return Error{codes::kDiskFull, "no room"};
                    },
                    this, {});
        QTRY_COMPARE_WITH_TIMEOUT(finished.size(), 2, kPatienceMs);
        QCOMPARE(good.state(), JobState::Done);
        QCOMPARE(value, 7);
        QCOMPARE(bad.state(), JobState::Failed);
        QVERIFY(bad.error() && bad.error()->code == codes::kDiskFull);
        QVERIFY(jobs.activeJobs().empty());
    }

    void aFolderInUseIsFoundHoweverItsPathIsWritten() {
        JobList jobs(m_clock);
        Job& job = jobs.start(JobKind::Verify, QStringLiteral("Checking"));
        job.setFolders({"/data/../root/models/local/one/"});
        for (const char* path :
             {"/root/models/local/one", "/root/models/local/one/", "/root/./models//local/two/../one"})
            QVERIFY2(jobs.userOf(path) == &job, path);
        for (const char* path : {"/root/models/local", "/root/models/local/one/two", "/root/models/local/on"})
            QVERIFY2(jobs.userOf(path) == nullptr, path);
        job.finish({});
        QVERIFY(jobs.userOf("/root/models/local/one") == nullptr);
    }

    void progressIsToldTenTimesASecondAndAtTheEndOfAPhase() {
        JobList jobs(m_clock);
        Job& job = jobs.start(JobKind::Import, QStringLiteral("Copying"));
        QSignalSpy changes(&job, &Job::changed);
        const ProgressSink sink = jobProgress(jobs, job.id(), m_clock);
        for (std::uint64_t done = 1; done <= 1000; ++done) { // a second
            m_clock.advance(0.001);
            sink(Progress{"copying", done, 1000, "bytes"});
        }
        sink(Progress{"hashing", 0, 10, "bytes"});
        QTRY_COMPARE_WITH_TIMEOUT(job.progress().phase, std::string("hashing"), kPatienceMs);
        QVERIFY2(changes.size() <= 12, QByteArray::number(changes.size()).constData());
        QVERIFY(changes.size() >= 10);
    }

    void theLastProgressOfAPhaseIsNeverLost() {
        JobList jobs(m_clock);
        Job& job = jobs.start(JobKind::Import, QStringLiteral("Copying"));
        const ProgressSink sink = jobProgress(jobs, job.id(), m_clock);
        sink(Progress{"copying", 1, 1000, "bytes"});
        sink(Progress{"copying", 999, 1000, "bytes"});
        sink(Progress{"copying", 1000, 1000, "bytes"});
        QTRY_COMPARE_WITH_TIMEOUT(job.progress().done, std::uint64_t(1000), kPatienceMs);
    }

    void aContextThatIsGoneIsNotCalledAndTheJobEndsAllTheSame() {
        JobList jobs(m_clock);
        HeldRunner runner;
        Job& job = jobs.start(JobKind::Remove, QStringLiteral("Removing"));
        bool isCalled = false;
        auto context = std::make_unique<QObject>();
        runJob<int>(
            runner, jobs, job, m_clock, [](const JobControl&) -> Result<int> { return 1; }, context.get(),
            [&](const Result<int>&) { isCalled = true; });
        context.reset();
        runner.runAll();
        QTRY_COMPARE_WITH_TIMEOUT(job.state(), JobState::Done, kPatienceMs);
        QVERIFY(!isCalled);
    }

    void theWorkSeesTheCancelOfTheJob() {
        JobList jobs(m_clock);
        FilePool pool;
        Job& job = jobs.start(JobKind::Verify, QStringLiteral("Checking"));
        std::promise<void> begun;
        runJob<int>(pool, jobs, job, m_clock,
                    [&begun](const JobControl& control) -> Result<int> {
                        begun.set_value();
                        while (!control.cancel.isCancelled())
                            std::this_thread::yield();
                        return Error{codes::kCancelled, "stopped"};
                    },
                    this, {});
        begun.get_future().wait();
        job.cancel();
        QTRY_COMPARE_WITH_TIMEOUT(job.state(), JobState::Cancelled, kPatienceMs);
        QVERIFY(!job.error());
    }

    void whatIsQuickDoesNotWaitForLongJobs() {
        ManagerGround ground;
        StepGate busy; // before the context, whose pools wait for their tasks
        busy.holdBefore(1);
        ManagerContext context(ground.workspace());
        ModelManager models(context);
        const auto importAs = [&](const char* version) {
            return models.importModel(
                {pathToQt(ground.source()), QStringLiteral("local"), QString::fromLatin1(version)});
        };
        for (int i = 0; i < FilePool::kThreads; ++i)
            context.jobPool.post([&busy] { busy.pass(1); });
        const Job* waiting = importAs("tiny");
        bool isDone = false;
        runTask<int>(
            context.filePool, context.jobs, [] { return 1; }, this, [&](int) { isDone = true; });
        const bool isTold = QTest::qWaitFor([&] { return isDone && models.isListed(); }, kPatienceMs);
        const JobState state = waiting->state();
        busy.open();
        QVERIFY(isTold);
        QCOMPARE(state, JobState::Waiting);
        QTRY_COMPARE_WITH_TIMEOUT(waiting->state(), JobState::Done, kPatienceMs);
    }

    void endedJobsLeaveAfterAWhileAndActiveOnesStay() {
        JobList jobs(m_clock);
        const quint64 active = jobs.start(JobKind::Train, QStringLiteral("Training")).id();
        const quint64 first = jobs.start(JobKind::Verify, QStringLiteral("first")).id();
        jobs.find(first)->finish({});
        for (int i = 0; i < JobList::kKept; ++i)
            jobs.start(JobKind::Verify, QStringLiteral("more")).finish({});
        QVERIFY(jobs.find(first) == nullptr);
        QVERIFY(jobs.find(active) != nullptr);
        QCOMPARE(jobs.jobs().size(), std::size_t(JobList::kKept + 1));
    }
};

QTEST_GUILESS_MAIN(TestJobs)
#include "test_jobs.moc"
