// The rows of jobs and of the log, and a job in words.

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

#include "core/error_codes.h"
#include "items/job_table.h"
#include "items/job_words.h"
#include "items/log_table.h"
#include "support/fixed_clock.h"

using namespace llamahome;
using namespace llamahome::items;
using namespace llamahome::managers;
using llamahome::testing::FixedClock;

namespace {

constexpr int kPatienceMs = 30'000;

QString cell(const QAbstractItemModel& model, int row, int column) {
    return model.index(row, column).data().toString();
}

} // namespace

class TestJobItems final : public QObject {
    Q_OBJECT

private:
    FixedClock m_clock;

private Q_SLOTS:
    void aRunningJobSaysHowFarItIsAndWhatIsLeft() {
        JobList jobs(m_clock);
        Job& job = jobs.start(JobKind::Train, QStringLiteral("Training recipes"));
        job.setRunning();
        job.setProgress(Progress{"training", 0, 480, "steps"});
        m_clock.advance(60.0);
        job.setProgress(Progress{"training", 120, 480, "steps"});
        QCOMPARE(jobLine(job),
                 QStringLiteral("Training recipes · training · step 120/480 · 2 steps/s · 3 min left"));
        QCOMPARE(jobPercent(job), 25);
    }

    void aRunThatGoesOnIsMeasuredFromItsFirstStepHere() {
        JobList jobs(m_clock);
        Job& job = jobs.start(JobKind::Train, QStringLiteral("Training recipes"));
        job.setRunning();
        job.setProgress(Progress{"loading the model", 10, 10, "bytes"});
        m_clock.advance(10.0);
        job.setProgress(Progress{"training", 0, 0, "steps"}); // its name, before any step
        m_clock.advance(10.0);
        job.setProgress(Progress{"training", 4000, 4240, "steps"});
        QVERIFY(!job.ratePerSecond());
        m_clock.advance(60.0);
        job.setProgress(Progress{"training", 4120, 4240, "steps"});
        QCOMPARE(jobLine(job),
                 QStringLiteral("Training recipes · training · step 4,120/4,240 · 2 steps/s · 60 s left"));
        job.setProgress(Progress{"training", 0, 0, "steps"});
        QCOMPARE(job.ratePerSecond(), std::optional(2.0)); // named again, it is still the same phase
    }

    void aTrainingIsAsFarAsItsSteps() {
        JobList jobs(m_clock);
        Job& job = jobs.start(JobKind::Train, QStringLiteral("Training recipes"));
        job.setRunning();
        job.setProgress(Progress{"loading the model", 0, 10, "bytes"});
        m_clock.advance(10.0);
        job.setProgress(Progress{"loading the model", 10, 10, "bytes"});
        QCOMPARE(jobPercent(job), -1);
        QCOMPARE(jobLeftWords(job), QString()); // and not "0.0 s left"
        job.setProgress(Progress{"training", 6, 6, "steps"});
        QCOMPARE(jobPercent(job), 100);
    }

    void bytesAreSizesAndOtherUnitsAreCounted() {
        JobList jobs(m_clock);
        Job& job = jobs.start(JobKind::Import, QStringLiteral("Importing"));
        job.setProgress(Progress{"copying", 1'200'000'000, 2'500'000'000, "bytes"});
        QCOMPARE(jobAmountWords(job), QStringLiteral("1.2 GB of 2.5 GB"));
        job.setProgress(Progress{"reading", 340, 1204, "rows"});
        QCOMPARE(jobAmountWords(job), QStringLiteral("340 of 1,204 rows"));
        job.setProgress(Progress{"reading", 1, 1, "rows"});
        QCOMPARE(jobAmountWords(job), QStringLiteral("1 of 1 row"));
        job.setProgress(Progress{"looking", 0, 0, "rows"});
        QCOMPARE(jobAmountWords(job), QString());
        QCOMPARE(jobPercent(job), -1);
    }

    void anEndedJobSaysHowItEnded() {
        JobList jobs(m_clock);
        Job& job = jobs.start(JobKind::Import, QStringLiteral("Importing"));
        job.finish(Error{codes::kDiskFull, "no room on the disk"});
        QCOMPARE(jobLine(job), QStringLiteral("Importing · failed"));
        QCOMPARE(jobEndWords(job), QStringLiteral("no room on the disk"));
        Job& other = jobs.start(JobKind::Import, QStringLiteral("Importing"));
        other.finish(Error{codes::kModelNotInstalled, "not installed; see `llamahome models`"});
        QCOMPARE(jobEndWords(other), QStringLiteral("not installed; see the page Models"));
    }

    void workThatFoundSomethingSaysWhat() {
        JobList jobs(m_clock);
        Job& job = jobs.start(JobKind::Verify, QStringLiteral("Verifying m"));
        job.finish({});
        QCOMPARE(jobEndWords(job), QStringLiteral("done"));
        QSignalSpy changed(&jobs, &JobList::jobChanged);
        job.setOutcome(QStringLiteral("damaged: config.json is missing"));
        QCOMPARE(changed.size(), 1);
        QCOMPARE(jobEndWords(job), QStringLiteral("damaged: config.json is missing"));
        QCOMPARE(jobLine(job), QStringLiteral("Verifying m · damaged: config.json is missing"));
    }

    void aTrainingThatCanBeContinuedIsNotSimplyCancelled() {
        JobList jobs(m_clock);
        JobTable table(jobs);
        Job& unbegun = jobs.start(JobKind::Train, QStringLiteral("Training"));
        unbegun.finish(Error{codes::kCancelled, "stopped before it began"});
        QCOMPARE(jobEndWords(unbegun), QStringLiteral("cancelled"));
        Job& job = jobs.start(JobKind::Train, QStringLiteral("Training"));
        job.setCanGoOn();
        QCOMPARE(jobEndWords(job), QStringLiteral("waiting"));
        job.finish(Error{codes::kCancelled, "stopped at step 3"});
        QCOMPARE(jobEndWords(job), QStringLiteral("stopped, can be continued"));
        QCOMPARE(jobLine(job), QStringLiteral("Training · stopped, can be continued"));
        QCOMPARE(cell(table, 0, JobTable::State), QStringLiteral("stopped, can be continued"));
    }

    void jobsAreListedNewestFirstAndFollowTheirState() {
        JobList jobs(m_clock);
        jobs.start(JobKind::Verify, QStringLiteral("first"));
        JobTable table(jobs);
        const QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
        Job& second = jobs.start(JobKind::Verify, QStringLiteral("second"));
        second.setCommandLine(QStringLiteral("llamahome verify m"));
        QCOMPARE(cell(table, 0, JobTable::Title), QStringLiteral("second"));
        QCOMPARE(cell(table, 0, JobTable::State), QStringLiteral("waiting"));
        QVERIFY(table.index(0, 0).data(JobTable::ActiveRole).toBool());
        second.finish(Error{codes::kDiskFull, "no room"});
        QCOMPARE(cell(table, 0, JobTable::State), QStringLiteral("failed: no room"));
        QVERIFY(!table.index(0, 0).data(JobTable::ActiveRole).toBool());
        QCOMPARE(table.index(0, 0).data(JobTable::CommandRole).toString(),
                 QStringLiteral("llamahome verify m"));
        QCOMPARE(cell(table, 1, JobTable::Title), QStringLiteral("first"));
    }

    void rowsOfJobsThatLeftTheListGo() {
        JobList jobs(m_clock);
        JobTable table(jobs);
        const QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
        for (int i = 0; i < JobList::kKept + 10; ++i)
            jobs.start(JobKind::Verify, QString::number(i)).finish({});
        QCOMPARE(table.rowCount(), JobList::kKept);
        QCOMPARE(cell(table, 0, JobTable::Title), QString::number(JobList::kKept + 9));
    }

    void rowsThatLeftTheListBehindALongJobGoToo() {
        JobList jobs(m_clock);
        JobTable table(jobs);
        const QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
        jobs.start(JobKind::Train, QStringLiteral("long"));
        for (int i = 0; i < JobList::kKept + 10; ++i)
            jobs.start(JobKind::Verify, QString::number(i)).finish({});
        QCOMPARE(table.rowCount(), JobList::kKept + 1);
        QCOMPARE(cell(table, table.rowCount() - 1, JobTable::Title), QStringLiteral("long"));
        QCOMPARE(cell(table, 0, JobTable::Title), QString::number(JobList::kKept + 9));
    }

    void theLogIsFilteredByLevelAndText() {
        const FixedClock noon;
        LogStore store(noon, 4);
        LogTable table(store);
        LogFilter filter;
        filter.setSourceModel(&table);
        const QAbstractItemModelTester tester(&filter,
                                              QAbstractItemModelTester::FailureReportingMode::QtTest);
        const auto sink = store.sink();
        sink->write(LogLevel::Debug, "engine", "step 1");
        sink->write(LogLevel::Info, "jobs", "Importing smollm2");
        sink->write(LogLevel::Warning, "jobs", "slow disk");
        QTRY_COMPARE_WITH_TIMEOUT(table.rowCount(), 3, kPatienceMs);
        QCOMPARE(filter.rowCount(), 2);
        filter.setLeastLevel(LogLevel::Warning);
        QCOMPARE(filter.rowCount(), 1);
        QCOMPARE(cell(filter, 0, LogTable::Text), QStringLiteral("slow disk"));
        filter.setLeastLevel(LogLevel::Trace);
        filter.setText(QStringLiteral("IMPORT"));
        QCOMPARE(filter.linesText({}),
                 QStringLiteral("2026-01-31T12:00:00.000Z info jobs: Importing smollm2\n"));
        for (const char* text : {"x", "y"})
            sink->write(LogLevel::Error, "jobs", text);
        QTRY_COMPARE_WITH_TIMEOUT(cell(table, table.rowCount() - 1, LogTable::Text), QStringLiteral("y"),
                                  kPatienceMs);
        QCOMPARE(table.rowCount(), 4);
        QCOMPARE(cell(table, 0, LogTable::Level), QStringLiteral("info"));
    }
};

QTEST_GUILESS_MAIN(TestJobItems)
#include "test_job_items.moc"
