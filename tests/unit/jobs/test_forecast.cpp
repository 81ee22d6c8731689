// What a run will need, told before it starts: memory, disk, time, and what is worth a word.
#include <algorithm>

#include <QTest>

#include "core/error_codes.h"
#include "formats/peft/peft_adapter.h"
#include "jobs/train/rate_trial.h"
#include "jobs/train/run_list.h"
#include "jobs/train/run_training.h"
#include "support/training_ground.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

class TestForecast final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatDoesNotFitIsRefusedWithTheSettingToChange() {
        TrainingGround ground;
        TrainPlan plan = ground.plan();
        plan.memoryBytes = 1000;
        const auto memory = ground.train(plan);
        QVERIFY(memory.error().code == codes::kNotEnoughMemory);
        QVERIFY(memory.error().code.errorClass == ErrorClass::Refused);
        QVERIFY2(contains(memory.error().message, "training.batch_size (2)"), memory.error().message.c_str());
        plan.memoryBytes = 0;
        plan.settings.training.checkpoint.keep = 1'000'000'000;
        const auto disk = ground.train(plan);
        QVERIFY(disk.error().code == codes::kNotEnoughDisk);
        QVERIFY2(contains(disk.error().message, "training.checkpoint.keep"), disk.error().message.c_str());
        QVERIFY(listRuns(ground.root).empty());
    }

    void autoIsSettledBeforeTheEngineSeesIt() {
        TrainingGround ground;
        TrainPlan plan = ground.plan();
        plan.settings.training.batch_size = 0;
        QVERIFY(ground.train(plan));
        QCOMPARE(ground.engine.history().settings.batch_size, 4);
        QCOMPARE(ground.engine.history().recomputedLayers, std::int64_t{0});
        QVERIFY(contains(*readFile(ground.sink.started / "config.yaml"), "batch_size: 4"));
    }

    // Of a step's twelve rows as many go through the model at once as fit; a step holds the same rows.
    void aBatchOfAutoFitsTheMemoryAndChangesNoStep() {
        TrainingGround ground;
        TrainPlan plan = ground.plan();
        plan.settings.training.batch_size = 0;
        plan.settings.training.gradient_accumulation = 3;
        std::uint64_t before = ~std::uint64_t{0};
        std::vector<int> chosen;
        for (plan.memoryBytes = std::uint64_t{1} << 40; plan.memoryBytes < before;) {
            const auto forecast = dryRun(plan, ground.root, {}, {}, {});
            QVERIFY2(forecast, forecast ? "" : forecast.error().message.c_str());
            if (forecast->recomputedLayers > 0) break;
            QVERIFY(forecast->fitsMemory());
            QCOMPARE(forecast->batchSize * forecast->gradientAccumulation, 12);
            chosen.push_back(forecast->batchSize);
            before = plan.memoryBytes;
            plan.memoryBytes = forecast->memory.total() - 1;
        }
        QVERIFY(chosen == (std::vector<int>{12, 6, 4, 3, 2, 1}));
        QCOMPARE(dryRun(plan, ground.root, {}, {}, {})->batchSize, 1);
        plan.memoryBytes = std::uint64_t{1} << 40;
        QVERIFY(ground.train(plan));
        QCOMPARE(ground.engine.history().settings.batch_size, 12);
        QCOMPARE(ground.engine.history().settings.gradient_accumulation, 1);
        QVERIFY(ground.sink.wasNoticed("12 rows go through the model at once"));
    }

    void theForecastLooksForTheLargestMicroBatch() {
        RowSizes sizes;
        sizes.trainRows = {{10, 9}, {20, 1}, {30, 8}, {40, 30}};
        const engine::BatchPlan plan(4, 2, 1, 1, 0, 1, /*shuffle=*/false);
        const BatchExtent batch = largestBatch(sizes.trainRows, plan);
        QCOMPARE(batch.tokens, std::int64_t{70});
        QCOMPARE(batch.targets, std::int64_t{38});
        QCOMPARE(batch.longestRow, std::int64_t{40});
        const BatchExtent three = largestBatch(sizes.trainRows, 3);
        QCOMPARE(three.tokens, std::int64_t{60});
        QCOMPARE(three.targets, std::int64_t{30});
        const RowSizes cut = cutAfter(sizes, 25);
        QCOMPARE(largestBatch(cut.trainRows, plan).tokens, std::int64_t{50});
        QCOMPARE(largestBatch(cut.trainRows, plan).targets, std::int64_t{33});
    }

    void asFewLayersAreComputedAgainAsMemoryAsksFor() {
        TrainingGround ground;
        TrainPlan plan = ground.plan();
        const auto kept = dryRun(plan, ground.root, {}, {}, {});
        QVERIFY(kept && kept->recomputedLayers == 0);
        plan.memoryBytes = kept->memory.total() - 1;
        QVERIFY(ground.train(plan));
        QCOMPARE(ground.engine.history().recomputedLayers, std::int64_t{1});
        QVERIFY(ground.sink.wasNoticed("1 of 2 layers"));
        QVERIFY(ground.sink.forecast.memory.total() <= plan.memoryBytes);
        plan.settings.training.gradient_checkpointing = "off";
        QVERIFY(ground.train(plan).error().code == codes::kNotEnoughMemory);
        plan.settings.training.gradient_checkpointing = "on";
        QVERIFY(ground.train(plan));
        QCOMPARE(ground.engine.history().recomputedLayers, std::int64_t{2});
    }

    void theForecastOfARunFromAnAdapterIsOfItsShape() {
        TrainingGround ground;
        const auto first = ground.train(ground.plan());
        TrainPlan plan = ground.plan();
        plan.initAdapter = first->adapterFolder;
        plan.settings.training.lora.r = 16;
        plan.settings.training.lora.target_modules = {"all-linear"};
        const auto forecast = dryRun(plan, ground.root, {}, {}, {});
        QVERIFY2(forecast, forecast ? "" : forecast.error().message.c_str());
        QVERIFY(ground.train(plan));
        QCOMPARE(forecast->loraParameters, ground.sink.forecast.loraParameters);
    }

    void whatIsSeldomMeantIsToldBeforeStart() {
        TrainingGround ground;
        const auto told = [&](const TrainPlan& plan, std::string_view part) {
            const auto forecast = dryRun(plan, ground.root, {}, {}, {});
            return forecast && std::any_of(forecast->notices.begin(), forecast->notices.end(),
                                           [&](const std::string& one) { return contains(one, part); });
        };
        TrainPlan plan = ground.plan();
        QVERIFY(dryRun(plan, ground.root, {}, {}, {})->notices.empty());
        plan.settings.training.learning_rate = 0.01;
        QVERIFY(told(plan, "training.learning_rate is 0.01"));
        plan.settings.training.lora.r = 4096;
        QVERIFY(told(plan, "training.lora.r is 4096"));
        plan.settings.training.max_steps = 0;
        plan.settings.training.num_epochs = 30;
        QVERIFY(told(plan, "each of 10 rows is seen 30 times"));
        plan.settings.training.warmup_ratio = 1.0;
        QVERIFY(told(plan, "every step of the run is warm-up"));
        const auto sizes = readRowSizes(plan, {}, {});
        QVERIFY(sizes);
        std::uint32_t shortest = sizes->trainRows.front().tokens;
        for (const auto* rows : {&sizes->trainRows, &sizes->validationRows})
            for (const RowSize& row : *rows)
                shortest = std::min(shortest, row.tokens);
        plan.settings.training.max_length = static_cast<int>(shortest) - 1;
        QVERIFY(told(plan, "every row is longer than " + std::to_string(shortest - 1) + " tokens"));
    }

    void aStepIsMeasuredOnRowsOfTheirUsualLengths() {
        TrainingGround ground;
        const TrainPlan plan = ground.plan();
        const auto forecast = dryRun(plan, ground.root, {}, {}, {});
        QCOMPARE(forecast->typicalRows.size(), std::size_t{2});
        const auto rate = measureRate(plan, *forecast, ground.engine, systemFiles(), {}, {});
        QVERIFY2(rate, rate ? "" : rate.error().message.c_str());
        QVERIFY(rate->tokensPerSecond > 0.0);
        QVERIFY(listRuns(ground.root).empty());
        CancelToken stopped;
        stopped.cancel();
        QCOMPARE(measureRate(plan, *forecast, ground.engine, systemFiles(), stopped, {}).error().code,
                 codes::kCancelled);
        const std::vector<RowSize> rows{{90, 9}, {10, 1}, {50, 5}, {30, 3}, {70, 7}};
        const auto lengths = [](const std::vector<RowSize>& taken) {
            std::vector<std::uint32_t> tokens;
            for (const RowSize& row : taken)
                tokens.push_back(row.tokens);
            return tokens;
        };
        QCOMPARE(lengths(typicalRows(rows, 1, 1000)), (std::vector<std::uint32_t>{50}));
        QCOMPARE(lengths(typicalRows(rows, 5, 1000)), (std::vector<std::uint32_t>{10, 30, 50, 70, 90}));
        QCOMPARE(lengths(typicalRows(rows, 5, 110)), (std::vector<std::uint32_t>{30, 70}));
        QCOMPARE(lengths(typicalRows(rows, 5, 1)), (std::vector<std::uint32_t>{50}));
    }

    void theForecastStatesStepsTokensAndTime() {
        TrainingGround ground;
        const auto forecast = dryRun(ground.plan(), ground.root, 100.0, {}, {});
        QVERIFY2(forecast, forecast ? "" : forecast.error().message.c_str());
        QCOMPARE(forecast->stepsPerEpoch, std::int64_t{5});
        QCOMPARE(forecast->totalSteps, std::int64_t{6});
        QCOMPARE(forecast->evaluations, std::int64_t{4}); // at 0, 2, 4, 6
        QCOMPARE(forecast->evalTokens, 4 * forecast->data.validationTokens);
        const double mean = static_cast<double>(forecast->data.trainTokens) / 10.0;
        QCOMPARE(forecast->trainTokens, static_cast<std::uint64_t>(mean * 12.0));
        QCOMPARE(*forecast->seconds, (static_cast<double>(forecast->trainTokens) +
                                      static_cast<double>(forecast->evalTokens) / 3.0) /
                                         100.0);
        // q: 64 -> 64, v: 64 -> 32, two layers, rank 2
        const auto adapter = formats::readPeftAdapter(ground.train(ground.plan())->adapterFolder);
        std::uint64_t parameters = 0;
        for (const auto& pair : adapter->pairs)
            parameters += pair.loraA.size() + pair.loraB.size();
        QCOMPARE(forecast->loraParameters, parameters);
        QVERIFY(!dryRun(ground.plan(), ground.root, {}, {}, {})->seconds);
    }

    void theForecastOfDiskCoversWhatARunLeaves() {
        TrainingGround ground;
        const auto summary = ground.train(ground.plan());
        const auto run = findRun(ground.root, summary->runName);
        QVERIFY(run->sizeBytes <= ground.sink.forecast.disk.total());
    }
};

QTEST_GUILESS_MAIN(TestForecast)
#include "test_forecast.moc"
