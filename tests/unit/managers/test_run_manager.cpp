// Runs on disk, listed, compared and removed, on the threads of the window.
#include <algorithm>
#include <fstream>
#include <future>
#include <memory>

#include <QSignalSpy>
#include <QTest>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "jobs/train/run_note.h"
#include "managers/run_manager.h"
#include "managers/text.h"
#include "support/manager_ground.h"
#include "support/trained_run.h"

using namespace llamahome;
using namespace llamahome::testing;
using managers::RunComparison;
using managers::RunDetails;
using managers::RunManager;
namespace fs = std::filesystem;

namespace {

struct Ground {
    ManagerGround ground;
    std::unique_ptr<managers::ManagerContext> context;
    std::unique_ptr<RunManager> runs;

    /// `finished` and `stopped`, unless empty.
    explicit Ground(bool isEmpty = false) {
        ground.install();
        if (!isEmpty) {
            trainRun(ground, {"finished", 2e-4, 0});
            trainRun(ground, {"stopped", 1e-3, 4});
            std::ofstream(folder("stopped") / "run.log")
                << std::string(RunManager::kLogTail, 'x') << "\nlast line\n";
        }
        context = std::make_unique<managers::ManagerContext>(ground.workspace());
        runs = std::make_unique<RunManager>(*context);
        if (!QTest::qWaitFor([this] { return runs->isListed(); }, kPatienceMs)) qFatal("no list came");
    }
    ~Ground() {
        runs.reset();
        context.reset();
        if (!ground.files.violations().empty())
            qFatal("on the GUI thread: %s", ground.files.violations().front().c_str());
    }
    fs::path folder(const char* name) const { return ground.root() / "data/training/checkpoints" / name; }
};

} // namespace

class TestRunManager final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void withoutRunsTheListIsEmpty() {
        const Ground ground(true);
        QVERIFY(ground.runs->runs().empty());
        QVERIFY(!ground.runs->find(QStringLiteral("none")));
    }

    void runsAreListedWithTheirStates() {
        const Ground ground;
        QCOMPARE(ground.runs->runs().size(), std::size_t{2});
        const auto finished = ground.runs->find(QStringLiteral("finished"));
        QVERIFY(finished);
        QVERIFY(finished->record.state == jobs::RunState::Finished);
        QVERIFY(finished->record.best);
        QVERIFY(finished->sizeBytes > 0);
        QVERIFY(ground.runs->find(QStringLiteral("stopped"))->record.state == jobs::RunState::Stopped);
    }

    void theListFollowsWhatTrains() {
        const Ground ground(true);
        QSignalSpy changed(ground.runs.get(), &RunManager::runsChanged);
        trainRun(const_cast<ManagerGround&>(ground.ground), {"later", 2e-4, 0});
        managers::Job& job = ground.context->jobs.start(managers::JobKind::Train, QStringLiteral("x"));
        job.finish({});
        QTRY_COMPARE(ground.runs->runs().size(), std::size_t{1});
        QVERIFY(!changed.isEmpty());
    }

    void aRunIsListedAsSoonAsItHasBegun() {
        const Ground ground(true);
        QSignalSpy changed(ground.runs.get(), &RunManager::runsChanged);
        managers::Job& job = ground.context->jobs.start(managers::JobKind::Train, QStringLiteral("x"));
        trainRun(const_cast<ManagerGround&>(ground.ground), {"now", 2e-4, 0});
        job.setProgress(Progress{"reading", 0, 0, "rows"}); // there is no run yet
        job.setCanGoOn();
        QTRY_COMPARE(ground.runs->runs().size(), std::size_t{1});
        for (std::uint64_t step = 0; step < 6; ++step)
            job.setProgress(Progress{"training", step, 6, "steps"});
        job.setCanGoOn();
        job.finish({});
        QTRY_COMPARE(changed.size(), 2); // not at each phase or step
    }

    void detailsHaveNumbersSettingsAnswersAndTheEndOfTheLog() {
        const Ground ground;
        QSignalSpy ready(ground.runs.get(), &RunManager::detailsReady);
        ground.runs->readDetails(QStringLiteral("finished")); // the last one asked for is told
        ground.runs->readDetails(QStringLiteral("stopped"));
        QTRY_COMPARE(ready.size(), 1);
        const auto details = ready.front().front().value<RunDetails>();
        QCOMPARE(details.info.name, std::string("stopped"));
        QVERIFY(!details.info.record.settings.empty());
        QVERIFY(!details.samples.empty());
        QCOMPARE(details.log, QStringLiteral("last line\n"));
        QTRY_COMPARE(ground.runs->metrics().columns().lastStep(), std::int64_t{3});
        QVERIFY(ground.runs->metrics().columns().best());
    }

    void aRunIsEvaluatedOnTheEngineAndItsDetailsHaveTheResult() {
        const Ground ground;
        const QString name = QStringLiteral("finished");
        managers::RunEvaluator& evaluator = ground.runs->evaluator();
        QSignalSpy evaluated(&evaluator, &managers::RunEvaluator::evaluated);
        managers::EvaluationWish wish;
        wish.run = name;
        wish.answerRows = 2;
        ground.runs->evaluate(wish);
        QCOMPARE(evaluator.runAtWork(), name);
        managers::Job* job = evaluator.job();
        QVERIFY(job != nullptr && job->kind() == managers::JobKind::Evaluate);
        QVERIFY2(job->commandLine().endsWith(QStringLiteral("evaluate --run finished --answers 2")),
                 qPrintable(job->commandLine()));
        ground.runs->evaluate(wish); // one at a time
        QTRY_COMPARE(evaluated.size(), 1);
        QVERIFY(evaluator.job() == nullptr);
        QSignalSpy ready(ground.runs.get(), &RunManager::detailsReady);
        ground.runs->readDetails(name);
        QTRY_COMPARE(ready.size(), 1);
        const auto details = ready.front().front().value<RunDetails>();
        QVERIFY(details.evaluation);
        QCOMPARE(details.evaluation->figures.loss, 1.5);
        QCOMPARE(details.evaluation->base->loss, 2.0);
        QCOMPARE(details.evaluation->answers.size(), std::size_t{2});
    }

    void anEvaluationThatFailsOrIsStoppedKeepsNothing() {
        Ground ground;
        managers::RunEvaluator& evaluator = ground.runs->evaluator();
        QSignalSpy failed(&evaluator, &managers::RunEvaluator::failed);
        ground.ground.engine.script().failsToLoad = true;
        managers::EvaluationWish wish;
        wish.run = QStringLiteral("finished");
        ground.runs->evaluate(wish);
        QTRY_COMPARE(failed.size(), 1);
        QCOMPARE(failed.front()[0].toString(), wish.run);
        ground.ground.engine.script().failsToLoad = false;
        ground.runs->evaluate(wish);
        evaluator.cancel();
        QTRY_COMPARE(failed.size(), 2);
        QVERIFY(failed.back()[1].value<Error>().code == codes::kCancelled);
        QVERIFY(!fs::exists(ground.folder("finished") / "evaluation.json"));
    }

    void aComparisonIsReportedWithTheRunOfItsAdapter() {
        const Ground ground;
        const auto run = ground.runs->find(QStringLiteral("finished"));
        const QString adapter = managers::pathToQt(run->record.adapterFolder.filename());
        const std::vector<jobs::ComparedAnswers> answers{
            {"smollm2/135m-instruct", "which?", 7, {{{"base", "left words"}, {"adapter", "right words"}}}}};
        QSignalSpy saved(ground.runs.get(), &RunManager::comparisonSaved);
        const fs::path file = ground.ground.folder() / "compared.html";
        const auto save = [&](const QStringList& adapters) {
            const int before = static_cast<int>(saved.size());
            ground.runs->saveComparison(answers, adapters, managers::pathToQt(file));
            if (!QTest::qWaitFor([&] { return saved.size() == before + 1; }, kPatienceMs))
                return std::string();
            const MayBlock here;
            return *readFile(file);
        };
        const std::string withRun = save({adapter});
        QVERIFY(withRun.find("left words") != std::string::npos &&
                withRun.find("right words") != std::string::npos);
        QVERIFY(withRun.find("<h1>Run finished</h1>") != std::string::npos);
        const std::string alone = save({QStringLiteral("of nobody")});
        QVERIFY(alone.find("right words") != std::string::npos);
        QVERIFY(alone.find("<svg") == std::string::npos);
    }

    void anUnknownRunIsToldWithItsName() {
        const Ground ground;
        QSignalSpy failed(ground.runs.get(), &RunManager::failed);
        ground.runs->readDetails(QStringLiteral("stoped"));
        QTRY_COMPARE(failed.size(), 1);
        const auto error = failed.front().front().value<Error>();
        QVERIFY(error.code == codes::kRunUnknown);
        QVERIFY(error.message.find("did you mean 'stopped'") != std::string::npos);
    }

    void aComparisonHasWhatDiffersAndTheCurves() {
        const Ground ground;
        QSignalSpy compared(ground.runs.get(), &RunManager::compared);
        ground.runs->compare({QStringLiteral("finished"), QStringLiteral("stopped")});
        QTRY_COMPARE(compared.size(), 1);
        const auto comparison = compared.front().front().value<RunComparison>();
        QVERIFY(comparison.names ==
                (std::vector<QString>{QStringLiteral("finished"), QStringLiteral("stopped")}));
        const auto row = [&](const char* key) -> const RunComparison::Row* {
            for (const auto& one : comparison.rows)
                if (one.key == QLatin1String(key)) return &one;
            return nullptr;
        };
        QVERIFY(row("training.learning_rate"));
        QCOMPARE(row("training.learning_rate")->values[1], QStringLiteral("0.001"));
        QVERIFY(row("state"));
        QVERIFY(!row("training.batch_size"));
        QCOMPARE(ground.runs->comparedMetrics().size(), std::size_t{2});
        QTRY_COMPARE(ground.runs->comparedMetrics()[0]->columns().lastStep(), std::int64_t{6});
    }

    void numbersThatCannotBeReadAreToldAndThoseOfBeforeAreGone() {
        const Ground ground;
        ground.runs->readDetails(QStringLiteral("finished"));
        QTRY_COMPARE(ground.runs->metrics().columns().lastStep(), std::int64_t{6});
        fs::remove(ground.folder("stopped") / "metrics.jsonl");
        fs::create_directory(ground.folder("stopped") / "metrics.jsonl");
        QSignalSpy failed(ground.runs.get(), &RunManager::failed);
        ground.runs->readDetails(QStringLiteral("stopped"));
        QTRY_COMPARE(failed.size(), 1);
        QVERIFY(failed.front().front().value<Error>().message.find("metrics.jsonl") != std::string::npos);
        QCOMPARE(ground.runs->metrics().columns().rows(), std::size_t{0});
        ground.runs->compare({QStringLiteral("finished"), QStringLiteral("stopped")});
        QTRY_COMPARE(failed.size(), 2);
    }

    void theNumbersAreExportedAsCsv() {
        const Ground ground;
        const fs::path file = ground.ground.folder() / "numbers.csv";
        QSignalSpy exported(ground.runs.get(), &RunManager::exported);
        ground.runs->exportMetrics(QStringLiteral("finished"), managers::pathToQt(file));
        QTRY_COMPARE(exported.size(), 1);
        const MayBlock here;
        const std::string text = *readFile(file);
        QVERIFY(text.starts_with("step,epoch,train_loss,eval_loss,learning_rate,grad_norm,"
                                 "tokens_per_second,peak_memory_mib\n0,0,,"));
        QCOMPARE(std::count(text.begin(), text.end(), '\n'), 8); // names, the start and six steps
        QSignalSpy failed(ground.runs.get(), &RunManager::failed);
        ground.runs->exportMetrics(QStringLiteral("finished"),
                                   managers::pathToQt(ground.ground.folder() / "no folder" / "numbers.csv"));
        QTRY_COMPARE(failed.size(), 1);
        QVERIFY(failed.front().front().value<Error>().message.find("numbers.csv") != std::string::npos);
        QCOMPARE(exported.size(), 1);
    }

    void theNumbersOfARunThatIsGoneAreNotExportedAndThatIsTold() {
        const Ground ground;
        const fs::path file = ground.ground.folder() / "numbers.csv";
        fs::remove_all(ground.folder("finished")); // by a shell: it is still listed
        QSignalSpy failed(ground.runs.get(), &RunManager::failed);
        for (const char* name : {"finished", "never"}) {
            failed.clear();
            ground.runs->exportMetrics(QString::fromLatin1(name), managers::pathToQt(file));
            QTRY_COMPARE_WITH_TIMEOUT(failed.size(), 1, kPatienceMs);
            const auto error = failed.front().front().value<Error>();
            QVERIFY(error.code == codes::kRunUnknown);
            QVERIFY2(error.message.find(name) != std::string::npos, error.message.c_str());
        }
        QVERIFY(!fs::exists(file));
    }

    void theNumbersOfARunWhoseRecordIsDamagedAreExported() {
        const Ground ground;
        std::ofstream(ground.folder("finished") / "run.json") << "{";
        QSignalSpy exported(ground.runs.get(), &RunManager::exported);
        ground.runs->exportMetrics(QStringLiteral("finished"),
                                   managers::pathToQt(ground.ground.folder() / "numbers.csv"));
        QTRY_COMPARE_WITH_TIMEOUT(exported.size(), 1, kPatienceMs);
    }

    void removalNamesFilesAndBytesAndFreesThem() {
        const Ground ground;
        QSignalSpy planned(ground.runs.get(), &RunManager::removalPlanned);
        ground.runs->planRemoval(QStringLiteral("finished"));
        QTRY_COMPARE(planned.size(), 1);
        const auto plan = planned.front().front().value<jobs::RunRemovalPlan>();
        QVERIFY(plan.files.size() > 3);
        QVERIFY(plan.freedBytes > 0);
        QSignalSpy removed(ground.runs.get(), &RunManager::removed);
        const managers::Job* job = ground.runs->remove(plan);
        QVERIFY(job->commandLine().contains(QStringLiteral("runs remove finished")));
        QTRY_COMPARE(removed.size(), 1);
        QCOMPARE(removed.front()[1].toULongLong(), plan.freedBytes);
        QVERIFY(!fs::exists(ground.folder("finished")));
        QTRY_COMPARE(ground.runs->runs().size(), std::size_t{1});
        QVERIFY(!fs::is_empty(ground.ground.root() / "data/models/finetuned")); // the adapter stays
    }

    void aRootThatTheShellHoldsIsToldAndNothingIsDeleted() {
        const Ground ground;
        QSignalSpy planned(ground.runs.get(), &RunManager::removalPlanned);
        ground.runs->planRemoval(QStringLiteral("finished"));
        QTRY_COMPARE(planned.size(), 1);
        QSignalSpy failed(ground.runs.get(), &RunManager::failed);
        {
            const auto lock = jobs::RootLock::acquire({ground.ground.root()}); // as another process would
            QVERIFY(lock);
            ground.runs->remove(planned.front().front().value<jobs::RunRemovalPlan>());
            QTRY_COMPARE(failed.size(), 1);
        }
        QVERIFY(failed.front().front().value<Error>().code == codes::kRootLocked);
        QVERIFY(fs::exists(ground.folder("finished") / "run.json"));
    }

    void aNoteThatWaitsWhenTheWindowClosesIsNotLost() {
        Ground ground;
        std::promise<void> opened;
        const std::shared_future<void> gate = opened.get_future().share();
        for (int i = 0; i < managers::FilePool::kThreads; ++i)
            ground.context->filePool.post([gate] { gate.wait(); });
        ground.runs->setNote(QStringLiteral("stopped"), QStringLiteral("old"));
        ground.runs->setNote(QStringLiteral("stopped"), QStringLiteral("new"));
        ground.runs->setNote(QStringLiteral("finished"), QStringLiteral("other"));
        ground.runs.reset();
        opened.set_value();
        const MayBlock here;
        QCOMPARE(*readFile(ground.folder("stopped") / jobs::kRunNoteName), std::string("new"));
        QCOMPARE(*readFile(ground.folder("finished") / jobs::kRunNoteName), std::string("other"));
    }

    void aNoteThatCannotBeWrittenIsToldOnceStaysAndIsTriedAgain() {
        const Ground ground;
        const fs::path file = ground.folder("stopped") / jobs::kRunNoteName;
        fs::create_directories(file / "in the way");
        QSignalSpy kept(ground.runs.get(), &RunManager::noteKept);
        QSignalSpy failed(ground.runs.get(), &RunManager::failed);
        QSignalSpy ready(ground.runs.get(), &RunManager::detailsReady);
        ground.runs->setNote(QStringLiteral("stopped"), QStringLiteral("too few rows"));
        QTRY_COMPARE_WITH_TIMEOUT(failed.size(), 1, kPatienceMs);
        ground.runs->readDetails(QStringLiteral("stopped"));
        QTRY_COMPARE_WITH_TIMEOUT(ready.size(), 1, kPatienceMs);
        QVERIFY(ready.front().front().value<RunDetails>().note == QStringLiteral("too few rows"));
        ground.runs->setNote(QStringLiteral("finished"), QStringLiteral("good"));
        QTRY_COMPARE_WITH_TIMEOUT(kept.size(), 1, kPatienceMs);
        QCOMPARE(failed.size(), 1);
        fs::remove_all(file);
        ground.runs->setNote(QStringLiteral("finished"), QStringLiteral("better"));
        QTRY_COMPARE_WITH_TIMEOUT(kept.size(), 3, kPatienceMs);
        const MayBlock here;
        QCOMPARE(*readFile(file), std::string("too few rows"));
    }

    void theNoteOfARunThatIsGoneIsNotTriedAgain() {
        const Ground ground;
        fs::remove_all(ground.folder("stopped"));
        QSignalSpy kept(ground.runs.get(), &RunManager::noteKept);
        QSignalSpy failed(ground.runs.get(), &RunManager::failed);
        ground.runs->setNote(QStringLiteral("stopped"), QStringLiteral("too few rows"));
        QTRY_COMPARE_WITH_TIMEOUT(failed.size(), 1, kPatienceMs);
        QVERIFY(failed.front().front().value<Error>().code == codes::kRunUnknown);
        trainRun(const_cast<ManagerGround&>(ground.ground), {"stopped", 2e-4, 0}); // another of that name
        ground.runs->setNote(QStringLiteral("finished"), QStringLiteral("good"));
        QTRY_COMPARE_WITH_TIMEOUT(kept.size(), 1, kPatienceMs);
        QVERIFY(!fs::exists(ground.folder("stopped") / jobs::kRunNoteName));
    }

    void aRenamedRunKeepsItsNoteAndIsListedByItsNewName() {
        Ground ground;
        QSignalSpy renamed(ground.runs.get(), &RunManager::renamed);
        QSignalSpy failed(ground.runs.get(), &RunManager::failed);
        ground.runs->setNote(QStringLiteral("stopped"), QStringLiteral("good"));
        ground.runs->rename(QStringLiteral("stopped"), QStringLiteral("recipes"));
        QTRY_COMPARE_WITH_TIMEOUT(renamed.size(), 1, kPatienceMs);
        QTRY_VERIFY_WITH_TIMEOUT(ground.runs->find(QStringLiteral("recipes")).has_value(), kPatienceMs);
        QVERIFY(!ground.runs->find(QStringLiteral("stopped")));
        {
            const MayBlock here;
            QCOMPARE(*jobs::readRunNote(ground.folder("recipes")), std::string("good"));
        }
        ground.runs->rename(QStringLiteral("recipes"), QStringLiteral("a b"));
        QTRY_COMPARE_WITH_TIMEOUT(failed.size(), 1, kPatienceMs);
        QVERIFY(failed.front().front().value<Error>().code == codes::kRunName);
        QCOMPARE(renamed.size(), 1);
    }

    void commandsAreThoseOfTheShell() {
        const Ground ground;
        const QString command = ground.runs->resumeCommand(QStringLiteral("stopped"));
        QVERIFY2(command.startsWith(QStringLiteral("llamahome ")), qPrintable(command));
        QVERIFY2(command.contains(QStringLiteral("resume stopped")), qPrintable(command));
        QVERIFY2(command.contains(QStringLiteral("--root ")), qPrintable(command));
    }
};

QTEST_GUILESS_MAIN(TestRunManager)
#include "test_run_manager.moc"
