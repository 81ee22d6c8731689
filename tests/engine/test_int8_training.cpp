// Products of a frozen int8 base in int8 (W8A8), in training and where prompts are read: beside the values of
// the same base, on every instruction set, and against the loss curve of bfloat16.
#include <algorithm>
#include <cmath>

#include <ATen/Parallel.h>

#include <QTest>

#include "engine/drawn_pass.h"
#include "engine/drawn_training.h"
#include "llama/infer/generator.h"
#include "llama/kernels/cpu_level.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::engine;
using namespace llamahome::testing;
using formats::Quantisation;

namespace {

constexpr double kRoundingOfRows = 0.05; // of the largest gradient: 127 steps for a row's magnitude
constexpr double kCurveTolerance = 1e-2; // of the loss in bfloat16

} // namespace

class TestInt8Training final : public QObject {
    Q_OBJECT

    TemporaryFolder m_folder;

    std::unique_ptr<Decoder> decoder(at::ScalarType type, bool int8Products,
                                     Quantisation format = Quantisation::Int8) const {
        return checked(
            loadDecoder(m_folder.path(), type, {}, {}, LayerPath::Fast, {format, {}, int8Products}));
    }

private Q_SLOTS:
    void initTestCase() {
        formats::ModelConfig config = tinyConfig();
        config.intermediate_size = 150; // no multiple of a step
        writeTinyModel(m_folder.path(), config, 1, formats::DType::F32);
    }
    void cleanup() { setCpuLevel(bestCpuLevel()); }

    void gradientsAreNearThoseOfTheSameWeights_data() {
        QTest::addColumn<int>("recomputedLayers");
        QTest::newRow("kept") << 0;
        QTest::newRow("recomputed") << 2;
    }
    void gradientsAreNearThoseOfTheSameWeights() {
        QFETCH(int, recomputedLayers);
        const auto values = decoder(at::kFloat, false);
        const auto codes = decoder(at::kFloat, true);
        QVERIFY(!values->multipliesInInt8() && codes->multipliesInInt8());
        const LoraSet lora = adapterOf(*values, {"all-linear"}, 0.1);
        const auto rows = rowsOf({127, 130, 2, 1, 40}, 4);
        Workspace workspace;
        const Passed expected = pass(*values, rows, lora, recomputedLayers, workspace);
        const Passed found = pass(*codes, rows, lora, recomputedLayers, workspace);
        QVERIFY(std::abs(found.loss - expected.loss) <= 2e-3 * expected.loss);
        const double difference = relativeDifference(found.gradients, expected.gradients);
        QVERIFY2(difference <= kRoundingOfRows, QByteArray::number(difference));
        QVERIFY(difference > 1e-5); // they are made in int8
        QCOMPARE(found.multiplyAdds, expected.multiplyAdds);
        QCOMPARE(workspace.mark(), std::size_t{0});
    }

    // Sums of codes are exact: what differs between instruction sets is the rest of a step.
    void everyInstructionSetGivesTheSame() {
        const auto codes = decoder(at::kFloat, true);
        const LoraSet lora = adapterOf(*codes, {"all-linear"}, 0.1);
        const auto rows = rowsOf({130, 31}, 6);
        std::vector<Passed> passes;
        for (const CpuLevel level : cpuLevels()) {
            setCpuLevel(level);
            Workspace workspace;
            passes.push_back(pass(*codes, rows, lora, 0, workspace));
        }
        for (const Passed& passed : passes) { // a value at the edge of two codes may take either
            QVERIFY(std::abs(passed.loss - passes.front().loss) <= 1e-3 * passes.front().loss);
            QVERIFY(relativeDifference(passed.gradients, passes.front().gradients) <= kRoundingOfRows);
        }
    }

    void theNumbersDoNotDependOnTheThreads() {
        const auto codes = decoder(at::kBFloat16, true);
        const LoraSet lora = adapterOf(*codes, {"all-linear"}, 0.1);
        const auto rows = rowsOf({300, 100, 7}, 12);
        const int before = at::get_num_threads();
        std::vector<Passed> passes;
        for (const int threads : {1, 3, 8}) {
            at::set_num_threads(threads);
            Workspace workspace;
            passes.push_back(pass(*codes, rows, lora, 0, workspace));
        }
        at::set_num_threads(before);
        for (const Passed& passed : passes) {
            QCOMPARE(passed.loss, passes.front().loss);
            QVERIFY(passed.gradients == passes.front().gradients);
        }
    }

    void thePlanForetellsTheWorkspace_data() {
        QTest::addColumn<QList<int>>("lengths");
        QTest::addColumn<int>("recomputedLayers");
        QTest::newRow("even rows") << QList<int>{256, 256} << 0;
        QTest::newRow("one long row") << QList<int>{1500} << 0;
        QTest::newRow("recomputed") << QList<int>{700, 30, 5, 90} << 2;
    }
    void thePlanForetellsTheWorkspace() {
        QFETCH(QList<int>, lengths);
        QFETCH(int, recomputedLayers);
        const auto codes = decoder(at::kBFloat16, true);
        const LoraSet lora = adapterOf(*codes, {"all-linear"}, 0.1);
        verifyPlanned(*codes, lora, rowsOf({lengths.begin(), lengths.end()}, 10), recomputedLayers);
    }

    void aHundredStepsFollowBfloat16() {
        TrainRequest request;
        request.trainRows = rowsOf({60, 33, 128, 17, 90, 45, 140, 21}, 4);
        request.settings.batch_size = 4;
        request.settings.gradient_accumulation = 1;
        request.settings.max_steps = 100;
        request.settings.learning_rate = 3e-3;
        const auto whole = checked(loadDecoder(m_folder.path(), at::kBFloat16, {}, {}, LayerPath::Fast, {}));
        const auto expected = lossCurve(*whole, request);
        const auto found = lossCurve(*decoder(at::kBFloat16, true), request);
        QCOMPARE(found.size(), std::size_t{100});
        QVERIFY(found.back() < 0.95 * found.front()); // it learns something, else the curves say nothing
        double largest = 0.0;
        for (std::size_t i = 0; i < found.size(); ++i)
            largest = std::max(largest, std::abs(found[i] - expected[i]) / expected[i]);
        QVERIFY2(largest <= kCurveTolerance, QByteArray::number(largest));
    }

    void otherFormatsAreMultipliedByTheirValues() {
        const auto nf4 = decoder(at::kFloat, true, Quantisation::Nf4);
        QVERIFY(!nf4->multipliesInInt8());
        const auto expected = decoder(at::kFloat, false, Quantisation::Nf4);
        const LoraSet lora = adapterOf(*nf4, {"all-linear"}, 0.0);
        const auto rows = rowsOf({60, 9}, 4);
        Workspace workspace;
        QVERIFY(pass(*nf4, rows, lora, 0, workspace).gradients ==
                pass(*expected, rows, lora, 0, workspace).gradients);
    }

    void anEvaluationIsNearThatOfTheSameWeights() {
        const auto values = decoder(at::kBFloat16, false);
        const auto codes = decoder(at::kBFloat16, true);
        const auto rows = rowsOf({90, 260}, 3);
        Workspace workspace;
        const auto expected = checked(evaluateRows(*values, nullptr, rows, 2, workspace, {}, {}));
        const auto found = checked(evaluateRows(*codes, nullptr, rows, 2, workspace, {}, {}));
        QVERIFY(found.lossSum != expected.lossSum);
        QVERIFY(std::abs(found.lossSum - expected.lossSum) <= 5e-3 * expected.lossSum);
    }

    // A row's numbers depend on no other row.
    void aPromptReadInPartsIsThatReadWhole() {
        const auto codes = decoder(at::kFloat, true);
        const std::vector<std::int32_t> prompt = rowsOf({60}, 4)[0].tokens;
        GenerationOptions options;
        options.maxNewTokens = 8;
        KeptContext whole, parts;
        const auto expected = checked(generateTokens(*codes, nullptr, prompt, options, {}, {}, whole));
        options.maxNewTokens = 0;
        const std::vector<std::int32_t> begin(prompt.begin(), prompt.begin() + 25);
        (void)checked(generateTokens(*codes, nullptr, begin, options, {}, {}, parts));
        options.maxNewTokens = 8;
        const auto found = checked(generateTokens(*codes, nullptr, prompt, options, {}, {}, parts));
        QCOMPARE(found.reusedTokens, begin.size());
        QCOMPARE(found.tokens, expected.tokens);
    }
};

QTEST_GUILESS_MAIN(TestInt8Training)
#include "test_int8_training.moc"
