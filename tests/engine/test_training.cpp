// The trainer on a tiny model: determinism, accumulation, resume, cancel, early stop, failure.
#include <cmath>
#include <map>

#include <QTest>

#include "core/error_codes.h"
#include "llama/runtime/engine_impl.h"
#include "parity/fixture.h"

using namespace llamahome;
using namespace llamahome::engine;
using namespace llamahome::testing;

namespace {

struct Recorder : TrainObserver {
    std::vector<MetricPoint> points;
    std::vector<TrainState> states;
    std::int64_t cancelAtStep = -1;
    CancelToken cancel;

    Result<void> onMetric(const MetricPoint& point) override {
        points.push_back(point);
        if (!point.isEvaluation && point.step == cancelAtStep) cancel.cancel();
        return {};
    }
    Result<void> onCheckpoint(const TrainState& state) override {
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
    auto model = (*createEngine())->loadModel(fixture.folder(), {Precision::Fp32, {}, {}});
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

/// Sum of the token losses of a row, from the logits of the whole row, in double precision.
double lossByLogits(LanguageModel& model, const text::TokenRow& row) {
    const auto logits = model.logits(row.tokens);
    if (!logits) throw std::runtime_error(logits.error().message);
    const std::size_t width = logits->size() / row.tokens.size();
    double sum = 0.0;
    for (std::size_t at = 1; at < row.tokens.size(); ++at) {
        if (row.supervised[at] == 0) continue;
        const float* scores = logits->data() + (at - 1) * width;
        double weights = 0.0;
        for (std::size_t i = 0; i < width; ++i)
            weights += std::exp(static_cast<double>(scores[i]));
        sum += std::log(weights) - static_cast<double>(scores[row.tokens[at]]);
    }
    return sum;
}

/// `rest` tells what `whole` ends with.
void compareTails(const std::vector<MetricPoint>& rest, const std::vector<MetricPoint>& whole) {
    QVERIFY(rest.size() <= whole.size());
    for (std::size_t i = 0; i < rest.size(); ++i) {
        const MetricPoint& a = rest[i];
        const MetricPoint& b = whole[whole.size() - rest.size() + i];
        QCOMPARE(a.step, b.step);
        QVERIFY(a.isEvaluation == b.isEvaluation);
        QCOMPARE(a.evalLoss, b.evalLoss);
        QCOMPARE(a.trainLoss, b.trainLoss);
        QCOMPARE(a.learningRate, b.learningRate);
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
            QCOMPARE(outcome.state.best->evaluationsWithoutImprovement,
                     expected.state.best->evaluationsWithoutImprovement);
            compareTails(rest.points, whole.points);
        }
    }

    // A model that talks between the steps learns the same; what it says is that of the adapter of that step.
    void generatingAtEvaluationsChangesNothing() {
        Recorder silent;
        const TrainOutcome expected = run(m_fixture, request(m_fixture), silent);
        struct Talker final : Recorder {
            LanguageModel* model = nullptr;
            std::map<std::int64_t, std::vector<std::int32_t>> said;
            Result<void> onEvaluated(std::int64_t step) override {
                model->forgetContext();
                const auto answer =
                    model->generate({1, 2, 3}, options(), [](std::int32_t) { return true; }, {});
                if (!answer) return answer.error();
                said[step] = answer->tokens;
                return {};
            }
            static GenerationOptions options() {
                GenerationOptions options;
                options.maxNewTokens = 12;
                return options;
            }
        } talker;
        auto model = (*createEngine())->loadModel(m_fixture.folder(), {Precision::Fp32, {}, {}});
        QVERIFY(model);
        talker.model = model->get();
        const auto outcome = (*model)->train(request(m_fixture), talker);
        QVERIFY2(outcome, outcome ? "" : outcome.error().message.c_str());
        compareAdapters(outcome->state.adapter, expected.state.adapter);
        compareTails(talker.points, silent.points);
        QCOMPARE(talker.said.size(), std::size_t{4}); // 0, 3, 6, 8
        for (const TrainState& state : talker.states) {
            const auto said = talker.said.find(state.step);
            if (said == talker.said.end()) continue;
            QVERIFY((*model)->setAdapter(state.adapter));
            const auto again =
                (*model)->generate({1, 2, 3}, Talker::options(), [](std::int32_t) { return true; }, {});
            QVERIFY(again);
            QVERIFY(again->tokens == said->second);
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

    // Stopped within each evaluation in turn; the step before it is kept, and resume evaluates it.
    void anEvaluationThatWasCutOffIsDoneAfterResume() {
        Recorder whole;
        const TrainOutcome expected = run(m_fixture, request(m_fixture), whole);
        for (const std::int64_t step : {3, 6, 8}) {
            Recorder cut;
            cut.cancelAtStep = step;
            TrainRequest wanted = request(m_fixture);
            wanted.cancel = cut.cancel;
            const TrainOutcome stopped = run(m_fixture, wanted, cut);
            QCOMPARE(stopped.cause, StopCause::Cancelled);
            QCOMPARE(stopped.state.step, step);
            QVERIFY(stopped.state.evaluationDue && cut.states.back().evaluationDue);
            TrainRequest resumed = request(m_fixture);
            resumed.resumeFrom = cut.states.back();
            Recorder rest;
            const TrainOutcome outcome = run(m_fixture, resumed, rest);
            QCOMPARE(outcome.cause, StopCause::Finished);
            QVERIFY(rest.points.front().isEvaluation);
            QCOMPARE(rest.points.front().step, step);
            compareAdapters(outcome.state.adapter, expected.state.adapter);
            QVERIFY(outcome.state.expAvg == expected.state.expAvg);
            QCOMPARE(outcome.state.best->evalLoss, expected.state.best->evalLoss);
            QCOMPARE(outcome.state.best->evaluationsWithoutImprovement,
                     expected.state.best->evaluationsWithoutImprovement);
            QCOMPARE(*rest.points.back().evalLoss, *whole.points.back().evalLoss);
            QVERIFY(!outcome.state.evaluationDue);
        }
    }

    // Stopped, and out of memory, between two micro-batches of a step: the step before is what is kept.
    void aStepThatIsCutInItsAccumulationIsDoneAgainWhole() {
        TrainRequest wanted = request(m_fixture);
        wanted.settings.batch_size = 1;
        wanted.settings.gradient_accumulation = 4;
        Recorder whole;
        const TrainOutcome expected = run(m_fixture, wanted, whole);
        for (const bool isStop : {true, false}) {
            Recorder cut;
            TrainRequest first = wanted;
            first.cancel = cut.cancel;
            int asked = 0;
            first.checkMemory = [&](std::uint64_t) -> Result<void> {
                if (++asked != 8) return {}; // after 4 and 2 of the first epoch: of step 3 the second
                if (!isStop) return Error{codes::kOutOfMemory, "no memory"};
                cut.cancel.cancel();
                return {};
            };
            auto model = (*createEngine())->loadModel(m_fixture.folder(), {Precision::Fp32, {}, {}});
            QVERIFY(model);
            const auto outcome = (*model)->train(first, cut);
            QVERIFY(isStop ? outcome && outcome->cause == StopCause::Cancelled
                           : !outcome && outcome.error().code == codes::kOutOfMemory);
            QCOMPARE(cut.states.back().step, std::int64_t{2});
            TrainRequest resumed = wanted;
            resumed.resumeFrom = cut.states.back();
            Recorder rest;
            compareAdapters(run(m_fixture, resumed, rest).state.adapter, expected.state.adapter);
            compareTails(rest.points, whole.points);
        }
    }

    // The first micro-batch makes the workspace, a longer row makes it larger, the rest finds it there.
    void theGrowthOfAMicroBatchIsForetold() {
        TrainRequest wanted = request(m_fixture);
        wanted.settings.batch_size = 1;
        wanted.validationRows.clear();
        wanted.shuffle = false;
        wanted.settings.max_steps = static_cast<int>(2 * wanted.trainRows.size());
        std::vector<std::uint64_t> growths;
        wanted.checkMemory = [&growths](std::uint64_t bytes) -> Result<void> {
            growths.push_back(bytes);
            return {};
        };
        auto model = (*createEngine())->loadModel(m_fixture.folder(), {Precision::Bf16, {}, {}});
        QVERIFY(model);
        Recorder recorder;
        QVERIFY((*model)->train(wanted, recorder));
        QCOMPARE(growths.size(), 2 * wanted.trainRows.size());
        QVERIFY(growths.front() > 0);
        for (std::size_t i = wanted.trainRows.size(); i < growths.size(); ++i)
            QCOMPARE(growths[i], std::uint64_t{0}); // every row was there before
    }

    // The adapter has some layers and modules of those that the settings name: they alone are trained, and a
    // resumed run goes on with them.
    void aRunThatBeganFromANarrowAdapterCanBeResumed() {
        TrainRequest wanted = request(m_fixture);
        Recorder before;
        formats::PeftAdapter narrow = run(m_fixture, wanted, before).state.adapter;
        std::erase_if(narrow.pairs, [](const formats::LoraPair& pair) {
            return pair.module.find("layers.0.") != std::string::npos || pair.module.ends_with("up_proj");
        });
        QCOMPARE(narrow.pairs.size(), std::size_t{6});
        wanted.initialAdapter = narrow;
        Recorder whole;
        const TrainOutcome expected = run(m_fixture, wanted, whole);
        QCOMPARE(expected.state.adapter.pairs.size(), std::size_t{6});
        for (const TrainState& state : whole.states) {
            TrainRequest resumed = request(m_fixture);
            resumed.resumeFrom = state;
            Recorder rest;
            compareAdapters(run(m_fixture, resumed, rest).state.adapter, expected.state.adapter);
        }
    }

    void aCheckpointThatTheSettingsCannotHaveLedToIsRefused() {
        Recorder recorder;
        run(m_fixture, request(m_fixture), recorder);
        auto model = (*createEngine())->loadModel(m_fixture.folder(), {Precision::Fp32, {}, {}});
        QVERIFY(model);
        TrainRequest other = request(m_fixture);
        other.resumeFrom = recorder.states.back();
        other.settings.lora.target_modules = {"q_proj", "v_proj"};
        Recorder none;
        QVERIFY((*model)->train(other, none).error().code == codes::kResumeMismatch);
        other = request(m_fixture);
        other.resumeFrom = recorder.states.back();
        other.settings.lora.r = 2;
        QVERIFY((*model)->train(other, none).error().code == codes::kResumeMismatch);
        other = request(m_fixture);
        other.resumeFrom = recorder.states.back();
        other.resumeFrom->expAvg.pop_back();
        QVERIFY((*model)->train(other, none).error().code == codes::kResumeMismatch);
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
        auto model = (*createEngine())->loadModel(m_fixture.folder(), {Precision::Fp32, {}, {}});
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
        QVERIFY(outcome.error().message.find("the state after step 1 is kept") != std::string::npos);
        QCOMPARE(recorder.points.size(), std::size_t{1});
        QCOMPARE(recorder.states.back().step, std::int64_t{1});
        wanted.settings.max_steps = 1;
        Recorder one;
        const TrainOutcome before = run(m_fixture, wanted, one);
        compareAdapters(recorder.states.back().adapter, before.state.adapter);
        QVERIFY(recorder.states.back().expAvg == before.state.expAvg);
    }

    // bf16 keeps 8 bits of a number; the loss of a mean over many tokens is nearer than its terms.
    void bfloat16IsNearFp32() {
        TrainRequest wanted = request(m_fixture);
        std::map<Precision, std::vector<float>> logits;
        std::map<Precision, Recorder> recorders;
        for (const Precision precision : {Precision::Fp32, Precision::Bf16}) {
            auto model = (*createEngine())->loadModel(m_fixture.folder(), {precision, {}, {}});
            QVERIFY(model);
            QVERIFY((*model)->precision() == precision);
            const auto row = (*model)->logits(wanted.trainRows.front().tokens);
            QVERIFY(row);
            logits[precision] = *row;
            QVERIFY((*model)->train(wanted, recorders[precision]));
        }
        const std::vector<float>& exact = logits[Precision::Fp32];
        const std::vector<float>& rounded = logits[Precision::Bf16];
        QCOMPARE(rounded.size(), exact.size());
        double squares = 0.0;
        double differences = 0.0;
        for (std::size_t i = 0; i < exact.size(); ++i) {
            squares += double{exact[i]} * exact[i];
            differences += (double{exact[i]} - rounded[i]) * (double{exact[i]} - rounded[i]);
        }
        const double relative = std::sqrt(differences / squares);
        QVERIFY2(relative > 0.0 && relative < 0.02, std::to_string(relative).c_str());
        const auto& a = recorders[Precision::Fp32].points;
        const auto& b = recorders[Precision::Bf16].points;
        QCOMPARE(a.size(), b.size());
        for (std::size_t i = 0; i < a.size(); ++i) {
            const double left = a[i].evalLoss.value_or(a[i].trainLoss);
            const double right = b[i].evalLoss.value_or(b[i].trainLoss);
            QVERIFY2(std::abs(left - right) < 0.02 * left,
                     (std::to_string(left) + " and " + std::to_string(right)).c_str());
        }
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

    void anEvaluationIsWhatTheLogitsSay() {
        auto model = (*createEngine())->loadModel(m_fixture.folder(), {Precision::Fp32, {}, {}});
        QVERIFY(model);
        const std::vector<text::TokenRow> rows = m_fixture.rows();
        const auto found = (*model)->evaluate(rows, 2, {}, {});
        QVERIFY(found);
        QCOMPARE(found->rowLossSums.size(), rows.size());
        double sum = 0.0;
        std::uint64_t targets = 0;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const double expected = lossByLogits(**model, rows[i]);
            QVERIFY(std::abs(found->rowLossSums[i] - expected) <= 1e-4 * expected);
            sum += expected;
            targets += rows[i].targetCount();
        }
        QCOMPARE(found->targetTokens, targets);
        const double mean = sum / static_cast<double>(targets);
        QVERIFY(std::abs(found->meanLoss() - mean) <= 1e-4 * mean);
    }

    void rowsWithoutTargetsAndTokensOutsideTheVocabularyAreRefused() {
        auto model = (*createEngine())->loadModel(m_fixture.folder(), {Precision::Fp32, {}, {}});
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
