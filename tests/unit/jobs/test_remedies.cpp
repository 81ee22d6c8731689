// Runs that fail and go on with a change: numbers that are none, no memory, and what may change at all.
#include <limits>

#include <QTest>

#include "config/setting_descriptor.h"
#include "core/error_codes.h"
#include "jobs/train/checkpoint_store.h"
#include "jobs/train/loss_watch.h"
#include "jobs/train/memory_guard.h"
#include "jobs/train/remedy.h"
#include "jobs/train/run_list.h"
#include "support/training_ground.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;

namespace {

constexpr const char* kRun = "tiny_v1-1";

/// Fails at step 4 with numbers that are none, unless the learning rate is lower than the plan's.
void letDiverge(TrainingGround& ground) {
    ground.engine.script().nonFiniteStep = 4;
    ground.engine.script().finiteUpToRate = 0.75 * ground.plan().settings.training.learning_rate;
}

std::vector<RemedyKind> kindsOf(const std::vector<Remedy>& remedies) {
    std::vector<RemedyKind> kinds;
    for (const Remedy& remedy : remedies)
        kinds.push_back(remedy.kind);
    return kinds;
}

std::int64_t newestStep(const RunInfo& run) {
    return CheckpointStore(systemFiles(), run.path / "checkpoints", 2, {}).loadNewest()->state.step;
}

engine::MetricPoint pointOf(std::int64_t step, double loss) {
    engine::MetricPoint point;
    point.step = step;
    point.trainLoss = loss;
    point.learningRate = 1e-4;
    return point;
}

} // namespace

class TestRemedies final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void goingOnAsBeforeComesToTheSameNumbersAndHalfTheRateToTheEnd() {
        TrainingGround ground;
        letDiverge(ground);
        const auto failed = ground.train(ground.plan());
        QVERIFY(failed.error().code == codes::kNonFiniteLoss);
        QVERIFY2(contains(failed.error().message, "`llamahome resume tiny_v1-1 --learning-rate 1.0e-04`"),
                 failed.error().message.c_str());
        QVERIFY(endsAlike(failed.error().code.text));
        QVERIFY(ground.resume(kRun).error().code == codes::kNonFiniteLoss);
        const RunInfo run = *findRun(ground.root, kRun);
        QVERIFY(canResume(run));
        QVERIFY(kindsOf(run.remedies) == std::vector{RemedyKind::HalfTheRate});
        const auto resumed = ground.resumeWith(kRun, run.remedies.front().changes);
        QVERIFY2(resumed, said(resumed).c_str());
        QVERIFY(resumed->end == TrainEnd::Finished);
        QVERIFY(ground.sink.wasNoticed(
            "from step 2 on this is not the undisturbed run: training.learning_rate 2.0e-04 → 1.0e-04"));
        const RunRecord record = findRun(ground.root, kRun)->record;
        QCOMPARE(record.changes.size(), std::size_t{1});
        QCOMPARE(record.changes.front().step, std::int64_t{2}); // the best before the failure
        const std::string told = *readFile(resumed->adapterFolder / "training_record.yaml");
        QVERIFY2(contains(told, "changes:") && contains(told, "learning_rate: 1.0e-04"), told.c_str());
    }

    void whereTheStartIsTheBestStateTheRunBeginsAnew() {
        TrainingGround ground;
        letDiverge(ground);
        ground.engine.script().evalLoss = [](std::int64_t step) { return 1.0 + static_cast<double>(step); };
        QVERIFY(!ground.train(ground.plan()));
        ground.engine.script().evalLoss = FakeScript().evalLoss;
        const auto resumed = ground.resumeWith(kRun, {{"training.learning_rate", "1e-4"}});
        QVERIFY2(resumed, said(resumed).c_str());
        QVERIFY(ground.sink.wasNoticed("begins from its start"));
        TrainingGround slower;
        TrainPlan plan = slower.plan();
        plan.settings.training.learning_rate = 1e-4;
        QVERIFY(adapterBytes(*resumed) == adapterBytes(*slower.train(plan)));
    }

    void anEvalLossThatIsNoNumberFailsTheRunBeforeItsStateIsKept() {
        TrainingGround ground;
        ground.engine.script().evalLoss = [](std::int64_t step) {
            return step < 4 ? 2.0 - 0.1 * static_cast<double>(step)
                            : std::numeric_limits<double>::quiet_NaN();
        };
        const auto failed = ground.train(ground.plan());
        QVERIFY(failed.error().code == codes::kNonFiniteLoss);
        QVERIFY(contains(failed.error().message, "the eval loss is nan"));
        const RunInfo run = *findRun(ground.root, kRun);
        QCOMPARE(newestStep(run), std::int64_t{3});
        QVERIFY(kindsOf(run.remedies) == std::vector{RemedyKind::HalfTheRate});
    }

    // The same rows make the same steps, however many of them go through the model at once.
    void withoutMemoryFewerRowsAtOnceComeToTheSameAdapter() {
        TrainingGround undisturbed;
        const auto expected = undisturbed.train(undisturbed.plan());
        TrainingGround ground;
        ground.engine.script().rowsThatFit = 1;
        const auto failed = ground.train(ground.plan());
        QVERIFY(failed.error().code == codes::kOutOfMemory);
        const RunInfo run = *findRun(ground.root, kRun);
        QVERIFY(kindsOf(run.remedies) ==
                (std::vector{RemedyKind::SmallerBatch, RemedyKind::ComputeAgain, RemedyKind::ShorterRows}));
        QCOMPARE(newestStep(run), std::int64_t{1});
        const auto resumed = ground.resumeWith(kRun, run.remedies.front().changes);
        QVERIFY2(resumed, said(resumed).c_str());
        QCOMPARE(ground.engine.history().settings.batch_size, 1);
        QCOMPARE(ground.engine.history().settings.gradient_accumulation, 2);
        QVERIFY(adapterBytes(*resumed) == adapterBytes(*expected));
    }

    void theGuardEndsARunBeforeTheKernelWould() {
        TrainingGround undisturbed;
        const auto expected = undisturbed.train(undisturbed.plan());
        TrainingGround ground;
        ground.engine.script().bytesOfRow = 100ULL << 20;
        std::uint64_t available = 2ULL << 30;
        ground.controls.memory = [&available] { return MemoryFigures{3ULL << 30, available, 8ULL << 30}; };
        ground.engine.script().beforeStep = [&available](std::int64_t step) {
            if (step == 4) available = 300ULL << 20; // two rows and what the machine needs are more
        };
        const auto failed = ground.train(ground.plan());
        QVERIFY2(failed.error().code == codes::kOutOfMemory, said(failed).c_str());
        for (const char* number : {"344 MB", "315 MB", "3.2 GB"})
            QVERIFY2(contains(failed.error().message, number), failed.error().message.c_str());
        const RunInfo run = *findRun(ground.root, kRun);
        QVERIFY(run.record.state == RunState::Failed && !run.remedies.empty());
        QCOMPARE(newestStep(run), std::int64_t{3});
        available = 2ULL << 30;
        ground.engine.script().beforeStep = nullptr;
        const auto resumed = ground.resume(kRun);
        QVERIFY2(resumed, said(resumed).c_str());
        QVERIFY(adapterBytes(*resumed) == adapterBytes(*expected));
    }

    void theGuardLeavesASmallMachineItsShare() {
        std::uint64_t available = 20ULL << 20;
        const MemoryGuard guard([&available] { return MemoryFigures{0, available, 512ULL << 20}; });
        QVERIFY(guard.check(1ULL << 20));
        QVERIFY(guard.check(5ULL << 20).error().code == codes::kOutOfMemory);
        available = 0; // not known
        QVERIFY(guard.check(1ULL << 40));
        const MemoryFigures real = memoryFigures();
        QVERIFY(real.residentBytes > 0 && real.residentBytes < real.totalBytes);
    }

    void whatARunKeepsToItsEndIsRefused() {
        TrainingGround ground;
        letDiverge(ground);
        QVERIFY(!ground.train(ground.plan()));
        const auto refusal = [&](std::vector<RunSetting> changes) {
            const auto resumed = ground.resumeWith(kRun, std::move(changes));
            return resumed ? std::string("success") : said(resumed);
        };
        const std::string seed = refusal({{"training.seed", "43"}});
        QVERIFY2(contains(seed, "RUN-08") && contains(seed, "training.learning_rate"), seed.c_str());
        const std::string rows = refusal({{"training.batch_size", "1"}});
        QVERIFY2(contains(rows, "RUN-08") && contains(rows, "2 rows a step"), rows.c_str());
        const std::string value = refusal({{"training.learning_rate", "much"}});
        QVERIFY2(contains(value, "CFG-07") && contains(value, "training.learning_rate"), value.c_str());
        QVERIFY(findRun(ground.root, kRun)->record.changes.empty());
    }

    void aChangeStaysWithTheRunAndItsFirstSettingsAreKept() {
        TrainingGround ground;
        letDiverge(ground);
        QVERIFY(!ground.train(ground.plan()));
        ground.engine.script().beforeStep = [&](std::int64_t step) {
            if (step == 5) ground.cancel.cancel();
        };
        QVERIFY(ground.resumeWith(kRun, {{"training.learning_rate", "1e-4"}}));
        ground.cancel = CancelToken();
        ground.engine.script().beforeStep = nullptr;
        const auto resumed = ground.resume(kRun);
        QVERIFY2(resumed, said(resumed).c_str());
        QCOMPARE(ground.engine.history().settings.learning_rate, 1e-4);
        const RunInfo run = *findRun(ground.root, kRun);
        QCOMPARE(run.record.changes.size(), std::size_t{1});
        QCOMPARE(readRunSettings(run)->training.learning_rate, 1e-4);
        QVERIFY(contains(*readFile(run.path / "config.yaml"), "learning_rate: 2.0e-04"));
    }

    // What the states answered that were left behind is not taken for the new ones' words.
    void aChangedRunAnswersAnewWhatItAnsweredLater() {
        TrainingGround ground;
        TrainPlan plan = ground.plan();
        plan.settings.training.evaluation.prompts = {"one?"};
        plan.settings.training.evaluation.answers = "each";
        ground.engine.script().nonFiniteStep = 6;
        ground.engine.script().finiteUpToRate = 0.75 * plan.settings.training.learning_rate;
        ground.engine.script().evalLoss = [](std::int64_t step) { return step == 2 ? 1.0 : 1.5; };
        ground.engine.script().answer = "old";
        QVERIFY(!ground.train(plan));
        const auto answered = readSamples(ground.sink.started / "samples.jsonl");
        QCOMPARE(answered.size(), std::size_t{3}); // before, and after steps 2 and 4
        ground.engine.script().answer = "new";
        const auto resumed = ground.resumeWith(kRun, {{"training.learning_rate", "1e-4"}});
        QVERIFY2(resumed, said(resumed).c_str());
        std::vector<std::string> told;
        for (const SampleAnswer& sample : readSamples(resumed->runFolder / "samples.jsonl"))
            told.push_back(sample.when + " " + std::to_string(sample.step) + " " + sample.answer);
        QVERIFY(told ==
                (std::vector<std::string>{"before 0 old", "during 2 old", "during 4 new", "after 2 new"}));
    }

    void remediesDivideTheRowsOfAStep() {
        config::Settings settings;
        const auto changed = [&settings](int batch) {
            settings.training.batch_size = batch;
            settings.training.gradient_accumulation = 8;
            const auto remedies = remediesFor("ENG-04", 0, settings);
            return remedies.front().kind == RemedyKind::SmallerBatch
                       ? remedies.front().changes[0].value + " x " + remedies.front().changes[1].value
                       : std::string("none");
        };
        QCOMPARE(changed(2), std::string("1 x 16"));
        QCOMPARE(changed(6), std::string("3 x 16"));
        QCOMPARE(changed(5), std::string("1 x 40"));
        QCOMPARE(changed(9), std::string("3 x 24"));
        QCOMPARE(changed(1), std::string("none"));
        QVERIFY(remediesFor("FILE-03", 5, settings).empty());
        QVERIFY(
            remediesFor("TRAIN-01", 0, settings).empty()); // no update was made: the rate is not the cause
        QCOMPARE(remediesFor("TRAIN-01", 1, settings).size(), std::size_t{1});
    }

    void aLossThatNeverMovesIsToldOnce() {
        LossWatch watch;
        int told = 0;
        for (std::int64_t step = 1; step <= 40; ++step)
            told += watch.look(pointOf(step, 1.25)) ? 1 : 0;
        QCOMPARE(told, 1);
        LossWatch moving;
        for (std::int64_t step = 1; step <= 40; ++step)
            QVERIFY(!moving.look(pointOf(step, step % 9 == 0 ? 1.0 : 1.25)));
        LossWatch zero;
        QVERIFY(!zero.look(pointOf(1, 0.0)) && !zero.look(pointOf(2, 0.0)));
        const auto said = zero.look(pointOf(3, 0.0));
        QVERIFY(said && contains(*said, "exactly 0"));
    }

    void aRunWhoseLossStaysTheSameSaysSoWhileItRuns() {
        TrainingGround ground;
        ground.engine.script().trainLoss = [](std::int64_t) { return 0.0; };
        QVERIFY(ground.train(ground.plan()));
        QVERIFY(ground.sink.wasNoticed("the loss is exactly 0 until step 3"));
    }
};

QTEST_GUILESS_MAIN(TestRemedies)
#include "test_remedies.moc"
