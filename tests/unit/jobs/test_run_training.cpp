#include <algorithm>
#include <cmath>

#include <QTest>

#include "core/error_codes.h"
#include "core/json.h"
#include "formats/peft/peft_adapter.h"
#include "jobs/library/manifest.h"
#include "jobs/train/checkpoint_store.h"
#include "jobs/train/initial_adapter.h"
#include "jobs/train/metric_log.h"
#include "jobs/train/run_list.h"
#include "jobs/train/run_training.h"
#include "support/tiny_model.h"
#include "support/training_ground.h"
#include "text/tokenizer/tokenizer.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

class TestRunTraining final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aRunLeavesEverythingThatItPromises() {
        TrainingGround ground;
        const auto summary = ground.train(ground.plan());
        QVERIFY2(summary, said(summary).c_str());
        QVERIFY(summary->end == TrainEnd::Finished);
        QCOMPARE(summary->steps, std::int64_t{6});
        QCOMPARE(summary->totalSteps, std::int64_t{6});
        QVERIFY(ground.sink.started == summary->runFolder);
        QCOMPARE(summary->runFolder.filename().string(), std::string("tiny_v1-1"));
        QCOMPARE(namesIn(summary->runFolder),
                 (std::vector<std::string>{"checkpoints", "config.yaml", "metrics.jsonl", "run.json",
                                           "samples.jsonl"}));
        QCOMPARE(*summary->firstEvalLoss, 2.0);
        QVERIFY(*summary->lastEvalLoss < 2.0);
        QCOMPARE(summary->best->step, std::int64_t{6});
        QCOMPARE(summary->data.trainRows, std::uint64_t{10});
        QCOMPARE(summary->data.validationRows, std::uint64_t{2});
        const auto run = findRun(ground.root, "tiny_v1-1");
        QVERIFY(run);
        QVERIFY(run->record.state == RunState::Finished);
        QVERIFY(contains(run->record.cause, "all 6 steps done"));
        QVERIFY(run->record.adapterFolder == summary->adapterFolder);
        QCOMPARE(run->record.dataFiles.front().sizeBytes, fileSize(ground.data).operator*());
    }

    void oneStepAndOnePromptAreNotMany() {
        TrainingGround ground;
        TrainPlan plan = ground.plan();
        plan.settings.training.max_steps = 1;
        plan.settings.training.evaluation.prompts = {"What is 2 and 2?"};
        const auto summary = ground.train(plan);
        QVERIFY2(summary, said(summary).c_str());
        QCOMPARE(findRun(ground.root, "tiny_v1-1")->record.cause, std::string("1 step done"));
        const auto& phases = ground.sink.phases;
        QVERIFY(std::find(phases.begin(), phases.end(), "answering 1 prompt before training") !=
                phases.end());
    }

    void theAdapterIsWholeAndOrdinary() {
        TrainingGround ground;
        TrainPlan plan = ground.plan();
        plan.hubId = "org/tiny";
        const auto summary = ground.train(plan);
        QVERIFY2(summary, said(summary).c_str());
        QVERIFY(summary->adapterFolder == ground.root.finetuned() / "tiny_v1_finetuned");
        const auto adapter = formats::readPeftAdapter(summary->adapterFolder);
        QVERIFY2(adapter, adapter ? "" : adapter.error().message.c_str());
        QCOMPARE(adapter->r, std::int64_t{2});
        QCOMPARE(adapter->baseModel, std::string("org/tiny"));
        QVERIFY(text::Tokenizer::load(summary->adapterFolder));
        const auto manifest = readManifest(summary->adapterFolder);
        QVERIFY2(manifest, manifest ? "" : manifest.error().message.c_str());
        QCOMPARE(manifest->kind, std::string(kAdapterKind));
        QCOMPARE(manifest->family, std::string("tiny"));
        const std::string record = *readFile(summary->adapterFolder / "training_record.yaml");
        for (const char* part : {"run: tiny_v1-1", "end: finished", "adapter_step: 6",
                                 "sha256: ", "data.jsonl", "learning_rate: "})
            QVERIFY2(contains(record, part), (std::string(part) + " in\n" + record).c_str());
        QVERIFY(!contains(record, "2026")); // no time of day
    }

    void metricsAreTheSinksAndTheFilesAlike() {
        TrainingGround ground;
        const auto summary = ground.train(ground.plan());
        const auto lines = readMetrics(summary->runFolder / "metrics.jsonl");
        QCOMPARE(lines->size(), ground.sink.points.size());
        QCOMPARE(lines->size(), std::size_t{6 + 4});
        for (std::size_t i = 0; i < lines->size(); ++i)
            QCOMPARE(lines->at(i).point.step, ground.sink.points[i].step);
        QVERIFY(lines->front().point.isEvaluation);
        QCOMPARE(ground.sink.lastProgress.done, ground.sink.lastProgress.total);
    }

    void theSameSeedGivesTheSameMetricsAndBytes() {
        TrainingGround first;
        TrainingGround second;
        second.clock.advance(5e6);
        const auto a = first.train(first.plan());
        const auto b = second.train(second.plan());
        QVERIFY(comparableMetrics(a->runFolder) == comparableMetrics(b->runFolder));
        for (const std::string& name : namesIn(a->adapterFolder))
            if (name != "adapter_config.json" && name != kManifestName) // they name the base's folder
                QVERIFY2(*readFile(a->adapterFolder / name) == *readFile(b->adapterFolder / name),
                         name.c_str());
        TrainingGround third;
        TrainPlan other = third.plan();
        other.settings.training.seed = 43;
        QVERIFY(comparableMetrics(third.train(other)->runFolder) != comparableMetrics(a->runFolder));
    }

    void theAdapterIsThatOfTheBestState() {
        TrainingGround ground;
        ground.engine.script().evalLoss = [](std::int64_t step) { return step == 2 ? 1.0 : 1.5; };
        const auto summary = ground.train(ground.plan());
        QVERIFY2(summary, said(summary).c_str());
        QCOMPARE(summary->adapterStep, std::int64_t{2});
        CheckpointStore store(systemFiles(), summary->runFolder / "checkpoints", 2, {});
        const auto best = store.load(2);
        QVERIFY(best);
        QVERIFY(formats::readPeftAdapter(summary->adapterFolder)->pairs.front().loraA ==
                best->state.adapter.pairs.front().loraA);
        QCOMPARE(ground.sink.samples.back().step, std::int64_t{2});
    }

    void withoutValidationTheLastStateIsTheAdapter() {
        TrainingGround ground;
        TrainPlan plan = ground.plan();
        plan.settings.training.validation_split = 0.0;
        const auto summary = ground.train(plan);
        QVERIFY2(summary, said(summary).c_str());
        QCOMPARE(summary->adapterStep, std::int64_t{6});
        QVERIFY(!summary->firstEvalLoss);
        QCOMPARE(summary->data.validationRows, std::uint64_t{0});
        QCOMPARE(summary->samples.size(), std::size_t{6}); // questions of the training rows
    }

    void anEvalLossThatNeverFallsIsSaid() {
        TrainingGround ground;
        ground.engine.script().evalLoss = [](std::int64_t step) { return 1.0 + static_cast<double>(step); };
        const auto summary = ground.train(ground.plan());
        QCOMPARE(summary->adapterStep, std::int64_t{0});
        QVERIFY(ground.sink.wasNoticed("never fell"));
    }

    void earlyStoppingEndsTheRun() {
        TrainingGround ground;
        ground.engine.script().evalLoss = [](std::int64_t step) { return step <= 2 ? 1.0 : 1.2; };
        TrainPlan plan = ground.plan();
        plan.settings.training.max_steps = 50;
        plan.settings.training.early_stopping.patience = 2;
        const auto summary = ground.train(plan);
        QVERIFY2(summary, said(summary).c_str());
        QVERIFY(summary->end == TrainEnd::EarlyStopped);
        QVERIFY(summary->steps < 50);
        const auto run = findRun(ground.root, summary->runName);
        QVERIFY(run->record.state == RunState::Finished);
        QVERIFY2(contains(run->record.cause, "stopped early"), run->record.cause.c_str());
    }

    void samplesAreAnsweredBeforeAndAfter() {
        TrainingGround ground;
        const auto summary = ground.train(ground.plan());
        QCOMPARE(summary->samples.size(), std::size_t{4}); // two validation rows, before and after
        QCOMPARE(summary->samples[0].when, std::string("before"));
        QCOMPARE(summary->samples[3].when, std::string("after"));
        QVERIFY(contains(summary->samples[0].prompt, "What is"));
        QVERIFY(contains(summary->samples[0].reference, "One more. ####"));
        QCOMPARE(summary->samples[0].answer, std::string("the answer #### 7"));
        const auto& options = ground.engine.history().generations.front();
        QVERIFY(!options.doSample);
        QCOMPARE(options.maxNewTokens, kSampleTokens);
        QVERIFY(std::find(options.stopTokens.begin(), options.stopTokens.end(), kImEnd) !=
                options.stopTokens.end());
    }

    void samplesAreAnsweredAtEachEvaluationWhereThatIsWanted() {
        TrainingGround ground;
        TrainPlan plan = ground.plan();
        plan.settings.training.evaluation.answers = "each";
        const auto summary = ground.train(plan);
        QVERIFY2(summary, said(summary).c_str());
        std::vector<std::string> moments;
        for (const SampleAnswer& sample : summary->samples)
            moments.push_back(sample.when + " " + std::to_string(sample.step));
        QVERIFY(moments == (std::vector<std::string>{"before 0", "before 0", "during 2", "during 2",
                                                     "during 4", "during 4", "after 6", "after 6"}));
        QVERIFY(std::find(ground.sink.phases.begin(), ground.sink.phases.end(),
                          "answering 2 prompts after step 2") != ground.sink.phases.end());
        QCOMPARE(adapterBytes(*summary), [] {
            TrainingGround quiet;
            return adapterBytes(*quiet.train(quiet.plan()));
        }());
        QVERIFY(dryRun(plan, ground.root, {}, {}, {})->memory.cache > 0);
        QCOMPARE(dryRun(ground.plan(), ground.root, {}, {}, {})->memory.cache, std::uint64_t{0});
    }

    void promptsOfTheSettingsAreUsedWhereThereAreSome() {
        TrainingGround ground;
        TrainPlan plan = ground.plan();
        plan.settings.training.evaluation.prompts = {"Say hello."};
        plan.settings.data.system = "Be brief.";
        const auto summary = ground.train(plan);
        QCOMPARE(summary->samples.size(), std::size_t{2});
        QCOMPARE(summary->samples[0].prompt, std::string("Say hello."));
        const auto tokenizer = text::Tokenizer::load(ground.model);
        const std::string prompt = *tokenizer->decode(ground.engine.history().prompts.front(), false);
        QVERIFY2(contains(prompt, "Be brief.") && contains(prompt, "Say hello.") &&
                     prompt.ends_with("<|im_start|>assistant\n"),
                 prompt.c_str());
    }

    void aSampleThatFailsNeverStopsARun() {
        TrainingGround ground;
        ground.engine.script().failsToGenerate = true;
        const auto summary = ground.train(ground.plan());
        QVERIFY2(summary, said(summary).c_str());
        QVERIFY(summary->end == TrainEnd::Finished);
        QVERIFY(summary->samples.empty());
        QVERIFY(ground.sink.wasNoticed("fails to generate"));
    }

    void aBadRowStopsBeforeAnythingIsMade() {
        TrainingGround ground;
        std::string lines = *readFile(ground.data);
        lines.insert(lines.find('\n') + 1, "{\"question\":\n");
        QVERIFY(writeFileAtomically(systemFiles(), ground.data, lines));
        const auto summary = ground.train(ground.plan());
        QVERIFY(!summary);
        const std::string& message = summary.error().message;
        QVERIFY2(contains(message, "data.jsonl line 2") && contains(message, "--skip-bad-rows"),
                 message.c_str());
        QVERIFY(summary.error().code.errorClass == ErrorClass::Failed);
        QVERIFY(listRuns(ground.root).empty());
        QCOMPARE(ground.engine.history().loads, 0);
    }

    void badRowsAreSkippedAndCountedOnRequest() {
        TrainingGround ground;
        std::string lines = *readFile(ground.data);
        lines.insert(lines.find('\n') + 1, "{\"question\":\n[1]\n");
        QVERIFY(writeFileAtomically(systemFiles(), ground.data, lines));
        TrainPlan plan = ground.plan();
        plan.settings.data.skip_bad_rows = true;
        const auto summary = ground.train(plan);
        QVERIFY2(summary, said(summary).c_str());
        QCOMPARE(summary->data.badRows, std::uint64_t{2});
        QCOMPARE(summary->data.rows, std::uint64_t{12});
        QVERIFY(ground.sink.wasNoticed("2 bad rows were left out"));
    }

    void aCountOfOneIsToldInTheSingular() {
        TrainingGround ground;
        std::string lines = *readFile(ground.data);
        lines.insert(lines.find('\n') + 1, "[1]\n");
        QVERIFY(writeFileAtomically(systemFiles(), ground.data, lines));
        TrainPlan plan = ground.plan();
        plan.settings.data.skip_bad_rows = true;
        QVERIFY(ground.train(plan));
        QVERIFY(ground.sink.wasNoticed("1 bad row was left out"));
    }

    void aRunThatIsAllWarmUpSaysSo() {
        TrainingGround ground;
        TrainPlan plan = ground.plan();
        plan.settings.training.max_steps = 1;
        plan.settings.training.warmup_ratio = 0.05;
        QVERIFY(ground.train(plan));
        QVERIFY(ground.sink.wasNoticed("warmup_ratio"));
    }

    void answersWithoutAnEndAreTold() {
        TrainingGround ground;
        TrainPlan plan = ground.plan();
        plan.settings.data.template_name = "alpaca";
        QVERIFY(ground.train(plan));
        QVERIFY(!ground.sink.wasNoticed("without an end"));
        for (const char* name : {"config.json", "generation_config.json", "tokenizer_config.json"}) {
            Json json = *readJsonFile(ground.model / name);
            json.erase("eos_token_id");
            json.erase("eos_token");
            QVERIFY(writeFileAtomically(systemFiles(), ground.model / name, writeJson(json)));
        }
        QVERIFY(ground.train(plan));
        QVERIFY(ground.sink.wasNoticed("without an end"));
    }

    void aTakenOrWrongNameIsRefusedBeforeAnythingIsRead() {
        TrainingGround ground;
        TrainPlan plan = ground.plan();
        plan.runName = "mine";
        QVERIFY(ground.train(plan));
        plan.dataFiles = {"/nowhere/at/all.jsonl"};
        const auto taken = ground.train(plan);
        QVERIFY(taken.error().code == codes::kRunExists);
        QVERIFY2(taken.error().message.find("resume") == std::string::npos, taken.error().message.c_str());
        plan.runName = "a/b";
        QVERIFY(ground.train(plan).error().code == codes::kRunName);
    }

    void longRowsAreCutCountedAndSaid() {
        TrainingGround ground;
        TrainPlan plan = ground.plan();
        plan.settings.training.max_length = 20; // within the template's head: nothing is left to learn
        const auto summary = ground.train(plan);
        QVERIFY(summary.error().code == codes::kNoTrainingRows);
        QVERIFY2(contains(summary.error().message, "data.jsonl") &&
                     contains(summary.error().message, "12 with"),
                 summary.error().message.c_str());
    }

    void aLossThatIsNoNumberFailsTheRunAndKeepsItsCheckpoints() {
        TrainingGround ground;
        ground.engine.script().nonFiniteStep = 4;
        const auto summary = ground.train(ground.plan());
        QVERIFY(summary.error().code == codes::kNonFiniteLoss);
        const auto run = findRun(ground.root, "tiny_v1-1");
        QVERIFY(run->record.state == RunState::Failed);
        QCOMPARE(run->record.code, std::string("TRAIN-01"));
        QVERIFY(contains(run->record.cause, "the loss is nan"));
        CheckpointStore store(systemFiles(), run->path / "checkpoints", 2, {});
        QCOMPARE(store.loadNewest()->state.step, std::int64_t{3});
        QVERIFY(namesIn(ground.root.finetuned()).empty());
    }

    void aModelThatDoesNotLoadFailsTheRun() {
        TrainingGround ground;
        ground.engine.script().failsToLoad = true;
        QVERIFY(ground.train(ground.plan()).error().code == codes::kModelTensors);
        QVERIFY(findRun(ground.root, "tiny_v1-1")->record.state == RunState::Failed);
    }

    void aSecondRunGetsTheNextNames() {
        TrainingGround ground;
        QVERIFY(ground.train(ground.plan()));
        const auto second = ground.train(ground.plan());
        QCOMPARE(second->runName, std::string("tiny_v1-2"));
        QCOMPARE(second->adapterName, std::string("tiny_v1_finetuned-2"));
    }

    void trainingGoesOnFromAnAdapter() {
        TrainingGround ground;
        TrainPlan plan = ground.plan();
        plan.settings.training.lora.target_modules = {"q_proj", "v_proj"};
        const auto first = ground.train(plan);
        plan.initAdapter = first->adapterFolder;
        plan.settings.training.lora.r = 16;
        plan.settings.training.lora.target_modules = {"down_proj"};
        const auto second = ground.train(plan);
        QVERIFY2(second, said(second).c_str());
        QCOMPARE(ground.engine.history().settings.lora.r, 2);
        QVERIFY(ground.engine.history().settings.lora.target_modules ==
                (std::vector<std::string>{"q_proj", "v_proj"}));
        QVERIFY(ground.sink.wasNoticed("rank 2"));
        QVERIFY(findRun(ground.root, second->runName)->record.initAdapter == first->adapterFolder);
    }

    void anAdapterOfManyRanksKeepsItsScalingsAndOneWithBiasesIsRefused() {
        const fs::path parity = fs::path(LLAMAHOME_TEST_DATA) / "parity";
        const auto model = formats::readModelConfig(parity / "gqa_tied" / "config.json");
        const auto told = formats::readPeftAdapter(parity / "adapters" / "patterns_rslora");
        const auto taken = readInitialAdapter(parity / "adapters" / "patterns_rslora", *model);
        QVERIFY(told && taken && !taken->useRslora);
        for (std::size_t i = 0; i < told->pairs.size(); ++i)
            QVERIFY(std::abs(taken->scaling(taken->pairs[i]) - told->scaling(told->pairs[i])) < 1e-12);
        const auto biased = formats::readModelConfig(parity / "adapters" / "biased_base" / "config.json");
        const auto refused = readInitialAdapter(parity / "adapters" / "biases", *biased);
        QVERIFY(!refused && refused.error().code == codes::kAdapterUnsupported);
        QVERIFY(contains(refused.error().message, "model.layers.0.self_attn.q_proj"));
    }

    void anAdapterThatTheEngineRefusesStopsBeforeAnythingIsMade() {
        TrainingGround ground;
        formats::PeftAdapter adapter;
        adapter.r = 1025;
        adapter.targetModules = {"q_proj"};
        const auto values = static_cast<std::size_t>(adapter.r * 64);
        for (const char* layer : {"0", "1"})
            adapter.pairs.push_back({"model.layers." + std::string(layer) + ".self_attn.q_proj", adapter.r,
                                     64, 64, std::vector<float>(values), std::vector<float>(values)});
        TrainPlan plan = ground.plan();
        plan.initAdapter = ground.folder / "wide";
        fs::create_directories(*plan.initAdapter);
        QVERIFY(formats::writePeftAdapter(systemFiles(), *plan.initAdapter, adapter));
        const auto refused = ground.train(plan);
        QVERIFY2(!refused && refused.error().code == codes::kLoraRank, said(refused).c_str());
        QVERIFY(contains(refused.error().message, "wide"));
        QVERIFY(listRuns(ground.root).empty());
    }

    void dataThatChangesWhileItIsReadIsNotRecordedAsRead() {
        struct RewritingSink final : public RememberingSink {
            void onForecast(const TrainForecast& told) override {
                RememberingSink::onForecast(told);
                QVERIFY(writeFileAtomically(systemFiles(), file, *readFile(file) + "\n"));
            }
            fs::path file;
        };
        TrainingGround ground;
        RewritingSink sink;
        sink.file = ground.data;
        const auto lock = RootLock::acquire(ground.root);
        const auto refused = runTraining(ground.plan(), ground.engine, *lock, systemFiles(), ground.clock,
                                         sink, ground.cancel);
        QVERIFY2(!refused && refused.error().code == codes::kDataChanged, said(refused).c_str());
        QVERIFY(contains(refused.error().message, "data.jsonl"));
        QVERIFY(listRuns(ground.root).empty());
    }

    void aValidationFileIsUsedInsteadOfASplit() {
        TrainingGround ground;
        const fs::path validation = ground.folder / "validation.jsonl";
        const std::string all = *readFile(ground.data);
        QVERIFY(writeFileAtomically(systemFiles(), validation, all.substr(0, all.find('\n') + 1)));
        TrainPlan plan = ground.plan();
        plan.validationFile = validation;
        const auto summary = ground.train(plan);
        QVERIFY2(summary, said(summary).c_str());
        QCOMPARE(summary->data.trainRows, std::uint64_t{12});
        QCOMPARE(summary->data.validationRows, std::uint64_t{1});
        QCOMPARE(summary->data.overlap, std::uint64_t{1});
        QVERIFY(ground.sink.wasNoticed(" in the training data too"));
        QVERIFY(findRun(ground.root, summary->runName)->record.validationFile->path == validation);
    }

    void aQuestionThatIsTrainedAndMeasuredIsTold() {
        TrainingGround ground;
        const fs::path validation = ground.folder / "validation.jsonl";
        const std::string all = *readFile(ground.data);
        Json row = *parseJson(all.substr(0, all.find('\n')), "row");
        row["answer"] = "another answer";
        QVERIFY(writeFileAtomically(systemFiles(), validation, writeJsonLine(row) + "\n"));
        TrainPlan plan = ground.plan();
        plan.validationFile = validation;
        const auto summary = ground.train(plan);
        QVERIFY2(summary, said(summary).c_str());
        QCOMPARE(summary->data.overlap, std::uint64_t{0});
        QCOMPARE(summary->data.sharedQuestions, std::uint64_t{1});
        QVERIFY(ground.sink.wasNoticed("1 validation row asks what a training row asks"));
    }
};

QTEST_GUILESS_MAIN(TestRunTraining)
#include "test_run_training.moc"
