// The trainer on a tiny model: determinism, accumulation, resume, cancel, early stop, failure.
#include <QTest>

#include "core/error_codes.h"
#include "llama/runtime/engine_impl.h"
#include "parity/fixture.h"

using namespace llamahome;
using namespace llamahome::engine;
using namespace llamahome::testing;

namespace {

struct Recorder final : TrainObserver {
    std::vector<MetricPoint> points;
    std::vector<TrainState> states;
    std::int64_t cancelAtStep = -1;
    CancelToken cancel;

    Result<void> onMetric(const MetricPoint& point) override {
        points.push_back(point);
        if (!point.isEvaluation && point.step == cancelAtStep) cancel.cancel();
        return {};
    }
    Result<void> onCheckpoint(const TrainState& state, bool) override {
        states.push_back(state);
        return {};
    }
    void onProgress(const Progress&) override {}
};

TrainRequest request(const Fixture& fixture) {
    TrainRequest request;
    request.trainRows = fixture.rows();
    request.validationRows = {request.trainRows[1]};
    auto& s = request.settings;
    s.batch_size = 2;
    s.gradient_accumulation = 1;
    s.max_steps = 8;
    s.learning_rate = 1e-2;
    s.lora.r = 4;
    s.lora.dropout = 0.25;
    s.lora.target_modules = {"all-linear"};
    s.evaluation.every_steps = 3;
    return request;
}

TrainOutcome run(const Fixture& fixture, const TrainRequest& request, Recorder& recorder) {
    auto model = createEngine()->loadModel(fixture.folder(), {Precision::Fp32, {}, {}});
    if (!model) throw std::runtime_error(model.error().message);
    auto outcome = (*model)->train(request, recorder);
    if (!outcome) throw std::runtime_error(outcome.error().message);
    return std::move(*outcome);
}

void compareAdapters(const formats::PeftAdapter& a, const formats::PeftAdapter& b) {
    QCOMPARE(a.pairs.size(), b.pairs.size());
    for (std::size_t i = 0; i < a.pairs.size(); ++i) {
        QVERIFY(a.pairs[i].loraA == b.pairs[i].loraA);
        QVERIFY(a.pairs[i].loraB == b.pairs[i].loraB);
    }
}

} // namespace

class TestTraining final : public QObject {
    Q_OBJECT

    const Fixture m_fixture{"gqa_tied"};

private Q_SLOTS:
    void sameSeedGivesTheSameRunAndAnotherSeedAnother() {
        Recorder first;
        Recorder second;
        Recorder third;
        TrainRequest wanted = request(m_fixture);
        const TrainOutcome a = run(m_fixture, wanted, first);
        const TrainOutcome b = run(m_fixture, wanted, second);
        compareAdapters(a.state.adapter, b.state.adapter);
        QCOMPARE(first.points.size(), second.points.size());
        for (std::size_t i = 0; i < first.points.size(); ++i) {
            QCOMPARE(first.points[i].evalLoss, second.points[i].evalLoss);
            if (!first.points[i].isEvaluation)
                QVERIFY(first.points[i].trainLoss == second.points[i].trainLoss);
        }
        wanted.settings.seed = 43;
        const TrainOutcome c = run(m_fixture, wanted, third);
        QVERIFY(c.state.adapter.pairs[0].loraA != a.state.adapter.pairs[0].loraA);
    }

    // Dropout included: its masks belong to the rows, not to the micro-batches they stand in.
    void accumulationOfFourEqualsABatchOfFour() {
        TrainRequest batch = request(m_fixture);
        batch.settings.batch_size = 4;
        TrainRequest accumulated = request(m_fixture);
        accumulated.settings.batch_size = 1;
        accumulated.settings.gradient_accumulation = 4;
        Recorder first;
        Recorder second;
        run(m_fixture, batch, first);
        run(m_fixture, accumulated, second);
        QCOMPARE(first.points.size(), second.points.size());
        for (std::size_t i = 0; i < first.points.size(); ++i) {
            const auto& a = first.points[i];
            const auto& b = second.points[i];
            QCOMPARE(a.supervisedTokens, b.supervisedTokens);
            if (a.isEvaluation)
                QVERIFY(std::abs(*a.evalLoss - *b.evalLoss) < 1e-5);
            else
                QVERIFY(std::abs(a.trainLoss - b.trainLoss) < 1e-5 &&
                        std::abs(a.gradNorm - b.gradNorm) < 1e-4);
        }
    }

    void resumingFromEveryCheckpointGivesTheUninterruptedRun() {
        Recorder whole;
        const TrainRequest wanted = request(m_fixture);
        const TrainOutcome expected = run(m_fixture, wanted, whole);
        QVERIFY(whole.states.size() >= 4);
        for (const TrainState& state : whole.states) {
            TrainRequest resumed = request(m_fixture);
            resumed.resumeFrom = state;
            Recorder rest;
            const TrainOutcome outcome = run(m_fixture, resumed, rest);
            compareAdapters(outcome.state.adapter, expected.state.adapter);
            QVERIFY(outcome.state.expAvg == expected.state.expAvg);
            QVERIFY(outcome.state.expAvgSq == expected.state.expAvgSq);
            QCOMPARE(outcome.state.best->evalLoss, expected.state.best->evalLoss);
            QCOMPARE(outcome.state.best->step, expected.state.best->step);
        }
    }

    void cancelKeepsTheLastCompletedStepAndCanBeResumed() {
        Recorder whole;
        const TrainOutcome expected = run(m_fixture, request(m_fixture), whole);
        Recorder cut;
        cut.cancelAtStep = 5;
        TrainRequest wanted = request(m_fixture);
        wanted.cancel = cut.cancel;
        const TrainOutcome stopped = run(m_fixture, wanted, cut);
        QCOMPARE(stopped.cause, StopCause::Cancelled);
        QCOMPARE(stopped.state.step, std::int64_t{5});
        QCOMPARE(cut.states.back().step, std::int64_t{5});
        TrainRequest resumed = request(m_fixture);
        resumed.resumeFrom = cut.states.back();
        Recorder rest;
        compareAdapters(run(m_fixture, resumed, rest).state.adapter, expected.state.adapter);
    }

    void evaluationAtTheStartAsSetAndAtTheEnd() {
        Recorder recorder;
        run(m_fixture, request(m_fixture), recorder);
        std::vector<std::int64_t> steps;
        for (const auto& point : recorder.points)
            if (point.isEvaluation) steps.push_back(point.step);
        QCOMPARE(steps, (std::vector<std::int64_t>{0, 3, 6, 8}));
    }

    void earlyStoppingEndsTheRun() {
        TrainRequest wanted = request(m_fixture);
        wanted.settings.max_steps = 60;
        wanted.settings.evaluation.every_steps = 1;
        wanted.settings.learning_rate = 0.0; // nothing is learned: no evaluation is better than the first
        wanted.settings.early_stopping.patience = 4;
        Recorder recorder;
        const TrainOutcome outcome = run(m_fixture, wanted, recorder);
        QCOMPARE(outcome.cause, StopCause::EarlyStopped);
        QCOMPARE(outcome.state.step, std::int64_t{4});
        QCOMPARE(outcome.state.best->step, std::int64_t{0});
    }

    void aNonFiniteLossStopsBeforeTheUpdate() {
        auto model = createEngine()->loadModel(m_fixture.folder(), {Precision::Fp32, {}, {}});
        QVERIFY(model);
        TrainRequest wanted = request(m_fixture);
        wanted.settings.learning_rate = 1e30; // the second update makes it overflow
        wanted.settings.warmup_ratio = 0.0;
        wanted.validationRows.clear();
        Recorder recorder;
        const auto outcome = (*model)->train(wanted, recorder);
        QVERIFY(!outcome);
        QVERIFY(outcome.error().code == codes::kNonFiniteLoss);
        QVERIFY(outcome.error().message.find("training.learning_rate") != std::string::npos);
    }

    void trainingOverfitsASingleRow() {
        TrainRequest wanted = request(m_fixture);
        wanted.trainRows.resize(1);
        wanted.validationRows = wanted.trainRows;
        wanted.settings.max_steps = 80;
        wanted.settings.evaluation.every_steps = 80;
        wanted.settings.lora.dropout = 0.0;
        Recorder recorder;
        run(m_fixture, wanted, recorder);
        QVERIFY(*recorder.points.back().evalLoss < 0.2 * *recorder.points.front().evalLoss);
    }

    void rowsWithoutTargetsAndTokensOutsideTheVocabularyAreRefused() {
        auto model = createEngine()->loadModel(m_fixture.folder(), {Precision::Fp32, {}, {}});
        QVERIFY(model);
        TrainRequest empty;
        Recorder recorder;
        QVERIFY((*model)->train(empty, recorder).error().code == codes::kNoTrainingRows);
        TrainRequest foreign = request(m_fixture);
        foreign.trainRows[2].tokens[0] = 4000;
        const auto refused = (*model)->train(foreign, recorder);
        QVERIFY(refused.error().code == codes::kBadToken);
        QVERIFY(refused.error().message.find("row 3") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestTraining)
#include "test_training.moc"
