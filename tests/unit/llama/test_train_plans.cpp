// Schedules, batches and early stopping: what a run is planned to do, without a tensor.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <set>

#include <QTest>

#include "core/error_codes.h"
#include "core/json.h"
#include "llama/train/batch_plan.h"
#include "llama/train/checkpoint_schedule.h"
#include "llama/train/early_stopping.h"
#include "llama/train/finite_numbers.h"
#include "llama/train/lr_schedule.h"
#include "support/fixed_clock.h"

using namespace llamahome;
using namespace llamahome::engine;

namespace {

bool near(double a, double b) {
    return std::abs(a - b) < 1e-9;
}

std::vector<std::size_t> flatRows(const std::vector<MicroBatch>& microBatches) {
    std::vector<std::size_t> rows;
    for (const auto& batch : microBatches)
        rows.insert(rows.end(), batch.begin(), batch.end());
    return rows;
}

} // namespace

class TestTrainPlans final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // Multipliers for 100 steps with 10 of warm-up, computed from transformers' formulas.
    void schedulesFollowTransformers() {
        const LrSchedule linear("linear", 1.0, 0.1, 100);
        const LrSchedule cosine("cosine", 1.0, 0.1, 100);
        const LrSchedule constant("constant", 1.0, 0.1, 100);
        for (const auto* schedule : {&linear, &cosine, &constant}) {
            QVERIFY(near(schedule->rateOf(0), 0.0));
            QVERIFY(near(schedule->rateOf(1), 0.1));
            QVERIFY(near(schedule->rateOf(5), 0.5));
            QVERIFY(near(schedule->rateOf(10), 1.0));
        }
        QVERIFY(near(linear.rateOf(11), 0.988888888888889));
        QVERIFY(std::abs(cosine.rateOf(11) - 0.999695414) < 1e-9);
        QVERIFY(near(linear.rateOf(55), 0.5) && near(cosine.rateOf(55), 0.5));
        QVERIFY(near(linear.rateOf(99), 1.0 / 90.0));
        QVERIFY(std::abs(cosine.rateOf(99) - 0.000304586) < 1e-9);
        QVERIFY(near(linear.rateOf(100), 0.0) && near(cosine.rateOf(100), 0.0));
        QVERIFY(near(constant.rateOf(99), 1.0));
        QCOMPARE(LrSchedule("linear", 1.0, 0.05, 30).warmupSteps(), std::int64_t{2}); // ceil
    }

    void everyEpochHoldsEveryRowOnceInAnotherOrder() {
        const BatchPlan plan(23, 4, 2, 3, 0, 42, true);
        QCOMPARE(plan.stepsPerEpoch(), std::int64_t{3}); // 6 micro-batches, the last of 3 rows
        QCOMPARE(plan.totalSteps(), std::int64_t{9});
        std::vector<std::vector<std::size_t>> epochs;
        for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
            std::vector<std::size_t> rows;
            for (std::int64_t i = 0; i < 3; ++i)
                for (const std::size_t row : flatRows(plan.step(epoch * 3 + i)))
                    rows.push_back(row);
            QCOMPARE(rows.size(), std::size_t{23});
            QCOMPARE(std::set<std::size_t>(rows.begin(), rows.end()).size(), std::size_t{23});
            epochs.push_back(rows);
        }
        QVERIFY(epochs[0] != epochs[1] && epochs[1] != epochs[2]);
        QVERIFY(!std::is_sorted(epochs[0].begin(), epochs[0].end()));
    }

    void theOrderIsAFunctionOfSeedAndStep() {
        const BatchPlan a(100, 4, 2, 2, 0, 42, true);
        const BatchPlan b(100, 4, 2, 2, 0, 42, true);
        const BatchPlan other(100, 4, 2, 2, 0, 43, true);
        (void)a.step(0);
        QVERIFY(a.step(20) == b.step(20)); // b never saw the first epoch
        QVERIFY(a.step(5) != other.step(5));
        const BatchPlan plain(5, 2, 1, 1, 0, 42, false);
        QVERIFY(flatRows(plain.step(1)) == (std::vector<std::size_t>{2, 3}));
    }

    void consumedRowsAndEpochs() {
        const BatchPlan plan(10, 4, 2, 2, 0, 1, false); // steps of 8 and 2 rows
        QCOMPARE(plan.rowsConsumedAfter(1), std::int64_t{8});
        QCOMPARE(plan.rowsConsumedAfter(2), std::int64_t{10});
        QCOMPARE(plan.rowsConsumedAfter(3), std::int64_t{18});
        QVERIFY(near(plan.epochAfter(3), 1.8));
        QCOMPARE(BatchPlan(10, 4, 2, 3, 50, 1, false).totalSteps(), std::int64_t{50});
    }

    void evaluationsFourTimesAnEpochOrARun() {
        QCOMPARE(evaluationInterval(0, BatchPlan(160, 4, 1, 3, 0, 1, true)), std::int64_t{10});
        QCOMPARE(evaluationInterval(0, BatchPlan(160, 4, 1, 3, 30, 1, true)), std::int64_t{8});
        QCOMPARE(evaluationInterval(7, BatchPlan(160, 4, 1, 3, 0, 1, true)), std::int64_t{7});
    }

    void tinyDataIsEvaluatedNoOftenerThanEveryFiveSteps() {
        QCOMPARE(evaluationInterval(0, BatchPlan(160, 4, 1, 3, 6, 1, true)), std::int64_t{5});
        QCOMPARE(evaluationInterval(0, BatchPlan(2, 4, 1, 1, 0, 1, true)), std::int64_t{5});
        QCOMPARE(evaluationInterval(1, BatchPlan(2, 4, 1, 1, 0, 1, true)), std::int64_t{1});
    }

    // Cases made by transformers' EarlyStoppingCallback (tests/parity/make_early_stopping_cases.py).
    void earlyStoppingEqualsTransformers() {
        const auto json =
            readJsonFile(std::filesystem::path(LLAMAHOME_TEST_DATA) / "parity/early_stopping.json");
        QVERIFY(json);
        QVERIFY((*json)["cases"].size() > 300);
        for (const Json& fixture : (*json)["cases"]) {
            EarlyStopping stopping(true, fixture["patience"].get<int>(), fixture["min_delta"].get<double>(),
                                   {});
            std::optional<std::size_t> stoppedAt;
            const Json& losses = fixture["losses"];
            for (std::size_t i = 0; i < losses.size() && !stoppedAt; ++i)
                if (stopping.update(losses[i].get<double>(), static_cast<std::int64_t>(i))) stoppedAt = i;
            const Json expected = stoppedAt ? Json(*stoppedAt) : Json(nullptr);
            QVERIFY2(expected == fixture["stops_at"], fixture.dump().c_str());
            QCOMPARE(stopping.best()->step, fixture["best"].get<std::int64_t>());
        }
    }

    void aNonFiniteEvaluationIsNeverTheBest() {
        EarlyStopping stopping(true, 2, 0.0, {});
        stopping.update(std::numeric_limits<double>::quiet_NaN(), 0);
        QVERIFY(!stopping.best());
        stopping.update(2.0, 1);
        stopping.update(std::numeric_limits<double>::infinity(), 2);
        QCOMPARE(stopping.best()->step, std::int64_t{1});
        QCOMPARE(stopping.best()->evaluationsWithoutImprovement, 1);
    }

    void disabledEarlyStoppingStillKnowsTheBest() {
        EarlyStopping stopping(false, 1, 0.0, {});
        stopping.update(1.0, 0);
        QVERIFY(!stopping.update(2.0, 1));
        stopping.update(0.5, 2);
        QCOMPARE(stopping.best()->step, std::int64_t{2});
    }

    void checkpointsAreDueByStepsAndByTime() {
        testing::FixedClock clock;
        config::CheckpointSettings settings;
        settings.every_steps = 5;
        settings.every_minutes = 10;
        CheckpointSchedule schedule(settings, clock);
        QVERIFY(schedule.isDue(5) && !schedule.isDue(6));
        clock.advance(601.0);
        QVERIFY(schedule.isDue(6));
        schedule.saved(clock.monotonicSeconds());
        QVERIFY(!schedule.isDue(7));
        settings.every_minutes = 0;
        CheckpointSchedule never(settings, clock);
        clock.advance(1e6);
        QVERIFY(!never.isDue(7));
    }

    // The disk takes longer to save than the interval is: training goes on in between all the same.
    void aSaveSlowerThanTheIntervalStretchesIt() {
        testing::FixedClock clock;
        config::CheckpointSettings settings;
        settings.every_minutes = 10;
        CheckpointSchedule schedule(settings, clock);
        const double begin = clock.monotonicSeconds();
        clock.advance(900.0);
        schedule.saved(begin);
        QVERIFY(!schedule.isDue(1));
        clock.advance(8990.0);
        QVERIFY(!schedule.isDue(2));
        clock.advance(20.0);
        QVERIFY(schedule.isDue(3));
        schedule.saved(clock.monotonicSeconds()); // a quick one: the interval is as set again
        clock.advance(601.0);
        QVERIFY(schedule.isDue(4));
    }

    void numbersThatAreNoneAreNamed() {
        const double nan = std::numeric_limits<double>::quiet_NaN();
        const double infinity = std::numeric_limits<double>::infinity();
        QVERIFY(checkFiniteStep(1.0, 2.0, 7));
        const auto loss = checkFiniteStep(nan, nan, 7);
        QVERIFY(loss.error().code == codes::kNonFiniteLoss);
        QVERIFY(loss.error().message.find("step 7: the loss is nan") != std::string::npos);
        const auto gradient = checkFiniteStep(1.0, infinity, 7);
        QVERIFY(gradient.error().code == codes::kNonFiniteLoss);
        QVERIFY(gradient.error().message.find("the gradient norm is inf") != std::string::npos);
        QVERIFY(checkFiniteEvaluation(1.0, 7));
        QVERIFY(checkFiniteEvaluation(nan, 7).error().code == codes::kNonFiniteLoss);
        QVERIFY(checkFiniteEvaluation(nan, 0).error().message.find("the base") != std::string::npos);
    }

    void resumedCountersGoOn() {
        EarlyStopping stopping(true, 3, 0.0, BestState{1.0, 10, 2});
        QVERIFY(stopping.update(1.5, 20));
    }
};

QTEST_GUILESS_MAIN(TestTrainPlans)
#include "test_train_plans.moc"
