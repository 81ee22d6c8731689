#include <sys/wait.h>
#include <unistd.h>

#include <QTest>

#include "core/error_codes.h"
#include "core/json.h"
#include "formats/peft/peft_adapter.h"
#include "jobs/library/manifest.h"
#include "jobs/train/checkpoint_store.h"
#include "jobs/train/metric_log.h"
#include "jobs/train/run_list.h"
#include "jobs/train/run_training.h"
#include "jobs/verify/verify_model.h"
#include "library_fixture.h"
#include "support/fault_file_layer.h"
#include "support/tiny_model.h"
#include "support/training_ground.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

class TestResume final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aStopLeavesACheckpointAndTheAdapterSoFar() {
        TrainingGround ground;
        ground.engine.script().beforeStep = [&](std::int64_t step) {
            if (step == 4) ground.cancel.cancel();
        };
        const auto summary = ground.train(ground.plan());
        QVERIFY2(summary, said(summary).c_str());
        QVERIFY(summary->end == TrainEnd::Interrupted);
        QCOMPARE(summary->steps, std::int64_t{3});
        QCOMPARE(summary->adapterStep, std::int64_t{2}); // the best that was measured
        QVERIFY(formats::readPeftAdapter(summary->adapterFolder));
        QVERIFY(readManifest(summary->adapterFolder));
        const auto run = findRun(ground.root, "tiny_v1-1");
        QVERIFY(run->record.state == RunState::Stopped);
        QVERIFY(contains(*readFile(summary->adapterFolder / "training_record.yaml"), "end: interrupted"));
    }

    void aStopKeepsWhatIsWished() {
        const auto stopped = [](TrainingGround& ground, StopKeeps keeps, std::int64_t before) {
            ground.controls.stop.set(keeps);
            ground.engine.script().beforeStep = [&ground, before](std::int64_t step) {
                if (step == before) ground.cancel.cancel();
            };
            return ground.train(ground.plan());
        };
        TrainingGround last;
        QCOMPARE(stopped(last, StopKeeps::Last, 4)->adapterStep, std::int64_t{3});
        TrainingGround early; // nothing was measured since the start
        QCOMPARE(stopped(early, StopKeeps::Best, 2)->adapterStep, std::int64_t{1});
        TrainingGround worse;
        worse.engine.script().evalLoss = [](std::int64_t step) { return 1.0 + static_cast<double>(step); };
        QCOMPARE(stopped(worse, StopKeeps::Best, 4)->adapterStep, std::int64_t{0});
        TrainingGround later;
        const auto none = stopped(later, StopKeeps::Nothing, 4);
        QVERIFY2(none, said(none).c_str());
        QVERIFY(none->adapterFolder.empty() && none->adapterName.empty());
        QVERIFY(namesIn(later.root.finetuned()).empty());
        later.cancel = CancelToken();
        later.engine.script().beforeStep = nullptr;
        const auto resumed = later.resume("tiny_v1-1");
        QVERIFY2(resumed, said(resumed).c_str());
        QCOMPARE(resumed->adapterStep, std::int64_t{6});
    }

    void aStopBeforeTrainingIsAnInterruptionThatCanGoOn() {
        TrainingGround ground;
        ground.cancel.cancel();
        QVERIFY(ground.train(ground.plan()).error().code.errorClass == ErrorClass::Interrupted);
    }

    // Stopped before each step in turn, the resumed run ends as the undisturbed one.
    void aResumedRunEqualsAnUndisturbedOne() {
        TrainingGround undisturbed;
        const auto expected = undisturbed.train(undisturbed.plan());
        for (std::int64_t stop = 1; stop <= 6; ++stop) {
            TrainingGround ground;
            ground.engine.script().beforeStep = [&](std::int64_t step) {
                if (step == stop) ground.cancel.cancel();
            };
            const auto stopped = ground.train(ground.plan());
            QVERIFY2(stopped, said(stopped).c_str());
            ground.cancel = CancelToken();
            ground.engine.script().beforeStep = nullptr;
            const auto resumed = ground.resume("tiny_v1-1");
            QVERIFY2(resumed, said(resumed).c_str());
            QVERIFY(resumed->end == TrainEnd::Finished);
            QVERIFY(comparableMetrics(resumed->runFolder) == comparableMetrics(expected->runFolder));
            QVERIFY(adapterBytes(*resumed) == adapterBytes(*expected));
            QVERIFY(resumed->adapterFolder == stopped->adapterFolder);
            QCOMPARE(namesIn(ground.root.finetuned()), (std::vector<std::string>{"tiny_v1_finetuned"}));
            QCOMPARE(*resumed->firstEvalLoss, *expected->firstEvalLoss);
            QCOMPARE(resumed->seconds, expected->seconds);
        }
    }

    // Stopped within each evaluation in turn, the first and the last among them.
    void anEvaluationThatWasCutOffIsDoneAfterResume() {
        TrainingGround undisturbed;
        const auto expected = undisturbed.train(undisturbed.plan());
        for (const std::int64_t stop : {0, 2, 4, 6}) {
            TrainingGround ground;
            ground.engine.script().beforeEvaluation = [&](std::int64_t step) {
                if (step == stop) ground.cancel.cancel();
            };
            const auto stopped = ground.train(ground.plan());
            QVERIFY2(stopped, said(stopped).c_str());
            QVERIFY(stopped->end == TrainEnd::Interrupted);
            QCOMPARE(stopped->steps, stop);
            ground.cancel = CancelToken();
            ground.engine.script().beforeEvaluation = nullptr;
            const auto resumed = ground.resume("tiny_v1-1");
            QVERIFY2(resumed, said(resumed).c_str());
            QVERIFY(resumed->end == TrainEnd::Finished);
            QVERIFY(comparableMetrics(resumed->runFolder) == comparableMetrics(expected->runFolder));
            QVERIFY(adapterBytes(*resumed) == adapterBytes(*expected));
            QCOMPARE(resumed->best->step, expected->best->step);
            QCOMPARE(*resumed->lastEvalLoss, *expected->lastEvalLoss);
            const CheckpointStore store(systemFiles(), resumed->runFolder / "checkpoints", 2, {});
            QVERIFY(!store.loadNewest()->state.evaluationDue);
        }
    }

    // Killed after the evaluation was told and before its checkpoint: it is done once more and counts once.
    void anEvaluationOwedIsCountedOnceHoweverOftenItIsDone() {
        TrainingGround undisturbed;
        const auto expected = undisturbed.train(undisturbed.plan());
        TrainingGround ground;
        ground.engine.script().beforeEvaluation = [&](std::int64_t step) {
            if (step == 4) ground.cancel.cancel();
        };
        const auto stopped = ground.train(ground.plan());
        QVERIFY2(stopped, said(stopped).c_str());
        engine::MetricPoint told;
        told.isEvaluation = true;
        told.step = 4;
        told.evalLoss = 0.5;
        auto metrics = MetricLog::open(systemFiles(), stopped->runFolder / "metrics.jsonl", ground.clock);
        QVERIFY(metrics->append(told));
        ground.cancel = CancelToken();
        ground.engine.script().beforeEvaluation = nullptr;
        const auto resumed = ground.resume("tiny_v1-1");
        QVERIFY2(resumed, said(resumed).c_str());
        QVERIFY(comparableMetrics(resumed->runFolder) == comparableMetrics(expected->runFolder));
    }

    void resumePassesOverADamagedCheckpointAndSaysSo() {
        TrainingGround undisturbed;
        const auto expected = undisturbed.train(undisturbed.plan());
        TrainingGround ground;
        ground.engine.script().nonFiniteStep = 6;
        QVERIFY(!ground.train(ground.plan()));
        ground.engine.script().nonFiniteStep.reset();
        fs::remove(ground.sink.started / "checkpoints/step-000005/optimizer.safetensors");
        const auto resumed = ground.resume("tiny_v1-1");
        QVERIFY2(resumed, said(resumed).c_str());
        QVERIFY(ground.sink.wasNoticed("step-000005"));
        QVERIFY(ground.sink.wasNoticed("resuming after step 4"));
        QVERIFY(comparableMetrics(resumed->runFolder) == comparableMetrics(expected->runFolder));
        QVERIFY(adapterBytes(*resumed) == adapterBytes(*expected));
        QVERIFY(contains(*readFile(resumed->runFolder / "metrics.jsonl"), R"({"kind":"resume","step":4})"));
    }

    void aRunCutOffBeforeItsFirstCheckpointBeginsAnew() {
        TrainingGround undisturbed;
        TrainPlan plan = undisturbed.plan();
        plan.settings.training.validation_split = 0.0;
        const auto expected = undisturbed.train(plan);
        TrainingGround ground;
        ground.engine.script().nonFiniteStep = 1;
        plan.modelFolder = ground.model;
        plan.dataFiles = {ground.data};
        QVERIFY(!ground.train(plan));
        ground.engine.script().nonFiniteStep.reset();
        const auto resumed = ground.resume("tiny_v1-1");
        QVERIFY2(resumed, said(resumed).c_str());
        QVERIFY(ground.sink.wasNoticed("begins from its start"));
        QVERIFY(adapterBytes(*resumed) == adapterBytes(*expected));
    }

    void aRunCutOffAfterItsEarlyStopTrainsNoFurther() {
        TrainingGround ground;
        ground.engine.script().evalLoss = [](std::int64_t step) { return step <= 2 ? 1.0 : 1.2; };
        TrainPlan plan = ground.plan();
        plan.settings.training.max_steps = 50;
        plan.settings.training.early_stopping.patience = 2;
        const auto whole = ground.train(plan);
        auto run = RunFolder::open(systemFiles(), whole->runFolder);
        RunRecord record = run->record();
        record.state = RunState::Stopped; // as if it had been killed before the adapter was written
        QVERIFY(run->update(record, ground.clock));
        const auto resumed = ground.resume(whole->runName);
        QVERIFY2(resumed, said(resumed).c_str());
        QCOMPARE(resumed->steps, whole->steps);
        QVERIFY(resumed->end == TrainEnd::EarlyStopped);
    }

    void resumeRefusesAMachineThatComputesInAnotherPrecision() {
        TrainingGround ground;
        ground.engine.script().nonFiniteStep = 4;
        QVERIFY(!ground.train(ground.plan()));
        ground.engine.script().nonFiniteStep.reset();
        QCOMPARE(findRun(ground.root, "tiny_v1-1")->record.precision, std::string("fp32"));
        ground.engine.script().autoPrecision = engine::Precision::Bf16;
        const auto refused = ground.resume("tiny_v1-1");
        QVERIFY2(!refused && refused.error().code == codes::kRunChanged, said(refused).c_str());
        QVERIFY2(contains(refused.error().message, "found bf16") &&
                     contains(refused.error().message, "recorded fp32"),
                 refused.error().message.c_str());
        ground.engine.script().autoPrecision = engine::Precision::Fp32;
        const auto resumed = ground.resume("tiny_v1-1");
        QVERIFY2(resumed, said(resumed).c_str());
    }

    void anotherMachineIsRecordedAndNamed() {
        TrainingGround ground;
        ground.engine.script().beforeStep = [&](std::int64_t step) {
            if (step == 4) ground.cancel.cancel();
        };
        QVERIFY(ground.train(ground.plan()));
        QCOMPARE(findRun(ground.root, "tiny_v1-1")->record.machine.threads, 2);
        ground.cancel = CancelToken();
        ground.engine.script().beforeStep = nullptr;
        ground.engine.script().threads = 4;
        const auto resumed = ground.resume("tiny_v1-1");
        QVERIFY2(resumed, said(resumed).c_str());
        QVERIFY(ground.sink.wasNoticed("from step 3 on the run may differ in its last digits"));
        QVERIFY(ground.sink.wasNoticed("threads 2 → 4"));
        const RunRecord record = findRun(ground.root, "tiny_v1-1")->record;
        QCOMPARE(record.machine.threads, 4);
        QCOMPARE(record.changes.size(), std::size_t{1});
        QVERIFY(contains(*readFile(resumed->adapterFolder / "training_record.yaml"), "threads"));
    }

    // Cut off between two answers before training, and again after those after it.
    void everyPromptIsAnsweredOnceBeforeAndOnceAfter() {
        TrainingGround ground;
        TrainPlan plan = ground.plan();
        plan.settings.training.evaluation.prompts = {"one?", "two?"};
        const auto whole = ground.train(plan);
        QVERIFY2(whole, said(whole).c_str());
        QCOMPARE(whole->samples.size(), std::size_t{4});
        const fs::path file = whole->runFolder / "samples.jsonl";
        const std::string lines = *readFile(file);
        QVERIFY(writeFileAtomically(systemFiles(), file, lines.substr(0, lines.find('\n') + 1)));
        const auto stand = [&](RunState state) {
            auto run = RunFolder::open(systemFiles(), whole->runFolder);
            RunRecord record = run->record();
            record.state = state;
            QVERIFY(run->update(record, ground.clock));
        };
        stand(RunState::Stopped);
        QVERIFY(ground.resume(whole->runName));
        QCOMPARE(readSamples(file).size(), std::size_t{4});
        const std::string complete = *readFile(file);
        stand(RunState::Stopped);
        QVERIFY(ground.resume(whole->runName));
        QVERIFY(*readFile(file) == complete);
    }

    void resumeRefusesWhatIsNoLongerTheSame() {
        TrainingGround ground;
        ground.engine.script().nonFiniteStep = 4;
        QVERIFY(!ground.train(ground.plan()));
        ground.engine.script().nonFiniteStep.reset();
        const auto expectRefusal = [&](const std::string& part) {
            const auto resumed = ground.resume("tiny_v1-1");
            QVERIFY2(!resumed && resumed.error().code == codes::kRunChanged, said(resumed).c_str());
            QVERIFY2(contains(resumed.error().message, part), resumed.error().message.c_str());
        };
        const std::string data = *readFile(ground.data);
        QVERIFY(writeFileAtomically(systemFiles(), ground.data, data + data));
        expectRefusal("data.jsonl");
        fs::remove(ground.data);
        expectRefusal("no file");
        QVERIFY(writeFileAtomically(systemFiles(), ground.data, data));
        writeTinyWeights(ground.model, tinyConfig(), 2);
        expectRefusal(displayPath(ground.model));
        writeTinyWeights(ground.model, tinyConfig(), 1);
        const fs::path config = ground.sink.started / "config.yaml";
        const std::string settings = *readFile(config);
        std::string changed = settings;
        changed.replace(changed.find("seed: 42"), 8, "seed: 43");
        QVERIFY(writeFileAtomically(systemFiles(), config, changed));
        expectRefusal("training.seed");
        QVERIFY(writeFileAtomically(systemFiles(), config, settings));
        const auto resumed = ground.resume("tiny_v1-1");
        QVERIFY2(resumed, said(resumed).c_str());
    }

    void resumeRefusesUnknownFinishedAndEmptyRuns() {
        TrainingGround ground;
        QVERIFY(ground.resume("none").error().code == codes::kRunUnknown);
        const auto finished = ground.train(ground.plan());
        const auto again = ground.resume(finished->runName);
        QVERIFY(again.error().code == codes::kRunComplete);
        QVERIFY(contains(again.error().message, finished->adapterName));
        fs::create_directories(ground.root.checkpoints() / "cut");
        QVERIFY(ground.resume("cut").error().code == codes::kRunDamaged);
    }

    void allCheckpointsDamagedIsAnError() {
        TrainingGround ground;
        ground.engine.script().nonFiniteStep = 4;
        QVERIFY(!ground.train(ground.plan()));
        for (const std::string& name : namesIn(ground.sink.started / "checkpoints"))
            fs::remove(ground.sink.started / "checkpoints" / name / "train_state.json");
        QVERIFY(ground.resume("tiny_v1-1").error().code == codes::kNoCheckpoint);
    }

    // Whatever file call fails: no false success, no half adapter, and the way to go on leads to the same
    // end.
    void aFaultAnywhereLeavesARunThatCanGoOn() {
        FaultFileLayer counter;
        std::string expected;
        {
            TrainingGround ground;
            expected = adapterBytes(*ground.train(shortPlan(ground), counter));
        }
        QVERIFY(counter.calls() > 50);
        for (std::uint64_t k = 1; k <= counter.calls(); ++k) {
            TrainingGround ground;
            FaultFileLayer files(k, Fault::Short);
            const auto summary = ground.train(shortPlan(ground), files);
            checkNoHalfAdapter(ground);
            if (summary) {
                QVERIFY(adapterBytes(*summary) == expected);
                continue;
            }
            const auto runs = listRuns(ground.root);
            if (runs.empty()) continue; // refused before the folder was made
            QVERIFY(runs.front().record.state != RunState::Finished);
            finishAfterFault(ground, runs.front(), expected);
        }
    }

    void aKillAnywhereLeavesARunThatCanGoOn() {
        FaultFileLayer counter;
        std::string expected;
        {
            TrainingGround ground;
            expected = adapterBytes(*ground.train(shortPlan(ground), counter));
        }
        for (std::uint64_t k = 1; k <= counter.calls(); ++k) {
            TrainingGround ground;
            const pid_t child = ::fork();
            if (child == 0) {
                FaultFileLayer files(k, Fault::Kill);
                (void)ground.train(shortPlan(ground), files);
                ::_exit(0);
            }
            int status = 0;
            ::waitpid(child, &status, 0);
            QVERIFY(WIFSIGNALED(status));
            checkNoHalfAdapter(ground);
            const auto runs = listRuns(ground.root);
            if (runs.empty()) continue;
            const RunRecord& record = runs.front().record;
            if (record.state == RunState::Finished) {
                QVERIFY(fs::exists(record.adapterFolder)); // killed while a name was made durable
                continue;
            }
            QVERIFY(record.state == RunState::Interrupted);
            if (record.startedAt.empty()) {
                const auto lock = RootLock::acquire(ground.root);
                QVERIFY(removeRun(*planRunRemoval(runs.front()), *lock, systemFiles()));
                continue;
            }
            finishAfterFault(ground, runs.front(), expected);
        }
    }

    // The adapter of the part before the stop or the new one: one that verifies is there at every moment.
    void aKillWhileTheAdapterIsReplacedLeavesOneToUse_data() {
        QTest::addColumn<bool>("canExchange");
        QTest::newRow("names can be exchanged") << true;
        QTest::newRow("names cannot be exchanged") << false;
    }
    void aKillWhileTheAdapterIsReplacedLeavesOneToUse() {
        QFETCH(bool, canExchange);
        const auto prepare = [canExchange](FaultFileLayer& files) {
            if (!canExchange) files.forgetExchange();
        };
        FaultFileLayer counter;
        prepare(counter);
        std::string expected;
        {
            TrainingGround ground;
            stopBeforeStepTwo(ground);
            const auto resumed = ground.resume("tiny_v1-1", counter);
            QVERIFY2(resumed, said(resumed).c_str());
            expected = adapterBytes(*resumed);
            QCOMPARE(namesIn(ground.root.finetuned()), (std::vector<std::string>{"tiny_v1_finetuned"}));
        }
        for (std::uint64_t k = 1; k <= counter.calls(); ++k) {
            TrainingGround ground;
            stopBeforeStepTwo(ground);
            QVERIFY(isKilledDuring([&] {
                FaultFileLayer files(k, Fault::Kill);
                prepare(files);
                (void)ground.resume("tiny_v1-1", files);
            }));
            QVERIFY2(hasAdapterToUse(ground), std::to_string(k).c_str());
            const RunInfo run = listRuns(ground.root).front();
            if (run.record.state == RunState::Finished) continue;
            FaultFileLayer files;
            prepare(files);
            const auto resumed = ground.resume(run.name, files);
            QVERIFY2(resumed, said(resumed).c_str());
            QVERIFY(adapterBytes(*resumed) == expected);
            QCOMPARE(namesIn(ground.root.finetuned()), (std::vector<std::string>{"tiny_v1_finetuned"}));
        }
    }

    void aFaultWhileTheAdapterIsReplacedLeavesOneToUse() {
        for (const bool canExchange : {true, false}) {
            FaultFileLayer counter;
            if (!canExchange) counter.forgetExchange();
            {
                TrainingGround ground;
                stopBeforeStepTwo(ground);
                QVERIFY(ground.resume("tiny_v1-1", counter));
            }
            for (std::uint64_t k = 1; k <= counter.calls(); ++k) {
                TrainingGround ground;
                stopBeforeStepTwo(ground);
                FaultFileLayer files(k, Fault::IoError);
                if (!canExchange) files.forgetExchange();
                (void)ground.resume("tiny_v1-1", files);
                QVERIFY2(hasAdapterToUse(ground), std::to_string(k).c_str());
            }
        }
    }

private:
    static void stopBeforeStepTwo(TrainingGround& ground) {
        ground.engine.script().beforeStep = [&ground](std::int64_t step) {
            if (step == 2) ground.cancel.cancel();
        };
        const auto stopped = ground.train(shortPlan(ground));
        QVERIFY2(stopped, said(stopped).c_str());
        ground.cancel = CancelToken();
        ground.engine.script().beforeStep = nullptr;
    }

    static bool hasAdapterToUse(const TrainingGround& ground) {
        const auto adapters = Library(ground.root, smallCatalog()).installedAdapters();
        return std::any_of(adapters.begin(), adapters.end(), [](const ModelEntry& entry) {
            const auto report = verifyModel(entry, /*deep=*/true, {}, {});
            return report && report->ok;
        });
    }

    static TrainPlan shortPlan(const TrainingGround& ground) {
        TrainPlan plan = ground.plan();
        plan.settings.training.validation_split = 0.0;
        plan.settings.training.max_steps = 2;
        return plan;
    }

    static void checkNoHalfAdapter(const TrainingGround& ground) {
        for (const std::string& name : namesIn(ground.root.finetuned())) {
            if (name.starts_with('.')) continue;
            QVERIFY2(readManifest(ground.root.finetuned() / name), name.c_str());
            QVERIFY(formats::readPeftAdapter(ground.root.finetuned() / name));
        }
    }

    static void finishAfterFault(TrainingGround& ground, const RunInfo& run, const std::string& expected) {
        QVERIFY(run.record.state != RunState::Running); // also where its end could not be recorded
        const auto resumed = ground.resume(run.name);
        QVERIFY2(resumed, said(resumed).c_str());
        QVERIFY(adapterBytes(*resumed) == expected);
        checkNoHalfAdapter(ground);
        QCOMPARE(namesIn(ground.root.finetuned()), (std::vector<std::string>{"tiny_v1_finetuned"}));
    }
};

QTEST_GUILESS_MAIN(TestResume)
#include "test_resume.moc"
