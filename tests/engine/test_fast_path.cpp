// The path by hand against the plain one: gradients, loss curves in bfloat16, and what a step allocates.
#include <algorithm>
#include <cmath>

#include <ATen/Parallel.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/CPUAllocator.h>

#include <QTest>

#include "engine/drawn_pass.h"
#include "engine/drawn_training.h"
#include "llama/kernels/row_kernels.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::engine;
using namespace llamahome::testing;

namespace {

constexpr double kTolerance = 1e-5;      // of the largest gradient, fp32
constexpr double kCurveTolerance = 1e-2; // of the loss, bfloat16
constexpr std::int64_t kAllLayers = 2;   // of the tiny model

/// The largest difference of any matrix, each relative to its own largest gradient.
double largestDifference(const LoraPlan& plan, const std::vector<float>& found,
                         const std::vector<float>& expected) {
    const auto part = [](const std::vector<float>& flat, std::int64_t begin, std::int64_t count) {
        return std::vector<float>(flat.begin() + begin, flat.begin() + begin + count);
    };
    double largest = 0.0;
    for (const LoraSlot& slot : plan.slots) {
        const std::int64_t a = slot.r * slot.inFeatures;
        const std::int64_t b = slot.outFeatures * slot.r;
        largest = std::max(
            {largest, relativeDifference(part(found, slot.offsetA, a), part(expected, slot.offsetA, a)),
             relativeDifference(part(found, slot.offsetB, b), part(expected, slot.offsetB, b))});
    }
    return largest;
}

/// Remembers the largest block that anything asked ATen's allocator for.
class RecordingAllocator final : public c10::Allocator {
public:
    RecordingAllocator()
        : m_base(c10::GetCPUAllocator()) {
        c10::SetCPUAllocator(this, kPriority);
    }
    ~RecordingAllocator() override { c10::SetCPUAllocator(m_base, kPriority); }

    c10::DataPtr allocate(std::size_t bytes) override {
        largest = std::max(largest, bytes);
        return m_base->allocate(bytes);
    }
    c10::DeleterFnPtr raw_deleter() const override { return m_base->raw_deleter(); }
    void copy_data(void* to, const void* from, std::size_t bytes) const override {
        m_base->copy_data(to, from, bytes);
    }

    std::size_t largest = 0;

private:
    static constexpr std::uint8_t kPriority = 100;
    c10::Allocator* m_base;
};

} // namespace

class TestFastPath final : public QObject {
    Q_OBJECT

    TemporaryFolder m_folder;

    std::unique_ptr<Decoder> decoder(LayerPath path, at::ScalarType type = at::kFloat) const {
        return checked(loadDecoder(m_folder.path(), type, {}, {}, path));
    }

private Q_SLOTS:
    void initTestCase() { writeTinyModel(m_folder.path(), tinyConfig(), 1, formats::DType::F32); }

    void gradientsAreThePlainPaths_data() {
        QTest::addColumn<QStringList>("targets");
        QTest::addColumn<double>("dropout");
        QTest::addColumn<int>("recomputedLayers");
        const QStringList all{QStringLiteral("all-linear")};
        QTest::newRow("all linears") << all << 0.0 << 0;
        QTest::newRow("dropout") << all << 0.25 << 0;
        QTest::newRow("one layer recomputed") << all << 0.25 << 1;
        QTest::newRow("recomputed") << all << 0.25 << 2;
        QTest::newRow("q and v") << QStringList{QStringLiteral("q_proj"), QStringLiteral("v_proj")} << 0.25
                                 << 0;
        QTest::newRow("down alone") << QStringList{QStringLiteral("down_proj")} << 0.0 << 0;
        QTest::newRow("o and gate") << QStringList{QStringLiteral("o_proj"), QStringLiteral("gate_proj")}
                                    << 0.1 << 2;
    }
    void gradientsAreThePlainPaths() {
        QFETCH(QStringList, targets);
        QFETCH(double, dropout);
        QFETCH(int, recomputedLayers);
        std::vector<std::string> names;
        for (const QString& target : targets)
            names.push_back(target.toStdString());
        const auto plain = decoder(LayerPath::Plain);
        const auto fast = decoder(LayerPath::Fast);
        const LoraSet lora = adapterOf(*plain, names, dropout);
        // Rows around the size of an attention block, and one that is too short to be trained.
        const auto rows = rowsOf({127, 128, 129, 300, 2, 1, 40}, 1);
        Workspace workspace;
        const Passed expected = pass(*plain, rows, lora, 0, workspace);
        const Passed found = pass(*fast, rows, lora, recomputedLayers, workspace);
        QVERIFY(std::abs(found.loss - expected.loss) <= 1e-6 * expected.loss);
        const double difference = largestDifference(lora.plan, found.gradients, expected.gradients);
        QVERIFY2(difference <= kTolerance, QByteArray::number(difference));
        QVERIFY(
            std::any_of(found.gradients.begin(), found.gradients.end(), [](float g) { return g != 0.0F; }));
        QCOMPARE(workspace.mark(), std::size_t{0});
    }

    void rowsDoNotSeeTheirNeighbours() {
        const auto fast = decoder(LayerPath::Fast);
        const LoraSet lora = adapterOf(*fast, {"all-linear"}, 0.0);
        const auto rows = rowsOf({130, 50, 200}, 2);
        Workspace workspace;
        std::vector<float> sum;
        double loss = 0.0;
        for (const text::TokenRow& row : rows) {
            const Passed alone = pass(*fast, {row}, lora, 0, workspace);
            sum.resize(alone.gradients.size());
            for (std::size_t i = 0; i < sum.size(); ++i)
                sum[i] += alone.gradients[i];
            loss += alone.loss;
        }
        const Passed together = pass(*fast, rows, lora, 0, workspace);
        QVERIFY(std::abs(together.loss - loss) <= 1e-6 * loss);
        QVERIFY(largestDifference(lora.plan, together.gradients, sum) <= kTolerance);
    }

    void everyInstructionSetGivesThePlainPathsGradients_data() {
        QTest::addColumn<int>("level");
        for (const CpuLevel level : cpuLevels())
            QTest::newRow(std::string(cpuLevelName(level)).c_str()) << static_cast<int>(level);
    }
    void everyInstructionSetGivesThePlainPathsGradients() {
        QFETCH(int, level);
        const auto plain = decoder(LayerPath::Plain);
        const auto fast = decoder(LayerPath::Fast);
        const LoraSet lora = adapterOf(*plain, {"all-linear"}, 0.1);
        const auto rows = rowsOf({130, 31}, 6);
        Workspace workspace;
        const Passed expected = pass(*plain, rows, lora, 0, workspace);
        setCpuLevel(static_cast<CpuLevel>(level));
        const Passed found = pass(*fast, rows, lora, kAllLayers, workspace);
        setCpuLevel(bestCpuLevel());
        QVERIFY(largestDifference(lora.plan, found.gradients, expected.gradients) <= kTolerance);
    }

    // An adapter of the upper layer alone, with ranks of its own: nothing goes backward below it.
    void anAdapterOfTheUpperLayerAlone() {
        const auto plain = decoder(LayerPath::Plain);
        const auto fast = decoder(LayerPath::Fast);
        formats::PeftAdapter adapter;
        adapter.r = 2;
        adapter.alpha = 4.0;
        for (const auto& [projection, r] : {std::pair{Projection::K, 3}, std::pair{Projection::Down, 5}}) {
            const ProjectionShape shape = projectionShape(plain->config(), projection);
            const auto values = [&](std::int64_t count) {
                return std::vector<float>(static_cast<std::size_t>(count), 0.03F);
            };
            adapter.pairs.push_back({moduleName(1, projection),
                                     r,
                                     shape.inFeatures,
                                     shape.outFeatures,
                                     values(r * shape.inFeatures),
                                     values(shape.outFeatures * r),
                                     {}});
        }
        const LoraPlan plan = checked(planOf(plain->config(), adapter));
        QCOMPARE(plan.lowestLayer, std::int64_t{1});
        const LoraSet lora(plan, flatten(plan, adapter), plain->layerCount());
        const auto rows = rowsOf({140, 20}, 7);
        Workspace workspace;
        const Passed expected = pass(*plain, rows, lora, 0, workspace);
        const Passed found = pass(*fast, rows, lora, 0, workspace);
        QVERIFY(std::abs(found.loss - expected.loss) <= 1e-6 * expected.loss);
        QVERIFY(largestDifference(plan, found.gradients, expected.gradients) <= kTolerance);
    }

    void aBatchWithoutTargetsCostsNothing() {
        const auto fast = decoder(LayerPath::Fast);
        const LoraSet lora = adapterOf(*fast, {"all-linear"}, 0.0);
        auto rows = rowsOf({50}, 8);
        std::fill(rows[0].supervised.begin(), rows[0].supervised.end(), std::uint8_t{0});
        Workspace workspace;
        const Passed found = pass(*fast, rows, lora, 0, workspace);
        QCOMPARE(found.loss, 0.0);
        QCOMPARE(found.multiplyAdds, std::uint64_t{0});
        QVERIFY(
            std::all_of(found.gradients.begin(), found.gradients.end(), [](float g) { return g == 0.0F; }));
    }

    // No hidden recomputation, no padded row, no head row that is not supervised.
    void theMultiplyAddsAreThoseOfTheFormula_data() {
        QTest::addColumn<int>("recomputedLayers");
        QTest::newRow("kept") << 0;
        QTest::newRow("one layer recomputed") << 1;
        QTest::newRow("recomputed") << 2;
    }
    void theMultiplyAddsAreThoseOfTheFormula() {
        QFETCH(int, recomputedLayers);
        const auto fast = decoder(LayerPath::Fast);
        const formats::ModelConfig& config = fast->config();
        const LoraSet lora = adapterOf(*fast, {"all-linear"}, 0.0);
        const std::vector<std::size_t> lengths{300, 100, 7};
        const auto rows = rowsOf(lengths, 9);
        Workspace workspace;
        const Passed found = pass(*fast, rows, lora, recomputedLayers, workspace);

        std::uint64_t tokens = 0, targets = 0, pairs = 0; // a query and a key that it sees
        for (const text::TokenRow& row : rows) {
            tokens += row.tokens.size();
            targets += row.targetCount();
            pairs += row.tokens.size() * (row.tokens.size() + 1) / 2;
        }
        // Forward: W, A, B and two products of attention. Backward: the input's gradient through W, A and B,
        // the gradients of A and B, five products of attention.
        const auto headWidth = static_cast<std::uint64_t>(config.num_attention_heads * config.head_dim);
        const auto hidden = static_cast<std::uint64_t>(config.hidden_size);
        const std::uint64_t layers = 2;
        std::uint64_t expected = layers * 7 * pairs * headWidth;
        const auto recomputed = static_cast<std::uint64_t>(recomputedLayers);
        expected += recomputed * 2 * pairs * headWidth;
        for (std::uint64_t layer = 0; layer < layers; ++layer)
            for (const Projection projection : kProjections) {
                const ProjectionShape shape = projectionShape(config, projection);
                const auto in = static_cast<std::uint64_t>(shape.inFeatures);
                const auto out = static_cast<std::uint64_t>(shape.outFeatures);
                const bool isBefore = projection < Projection::O; // attention
                // Nothing reads what the last layer would make of the other rows.
                const std::uint64_t rowsOfIt = isBefore || layer + 1 < layers ? tokens : targets;
                std::uint64_t each = 2 * in * out + 3 * 4 * (in + out);
                // The lowest layer passes no gradient on through q, k and v and their A.
                if (isBefore && layer == 0) each -= in * out + 4 * in;
                // What a recomputation needs; of down only the low product.
                if (layer < recomputed)
                    each += projection == Projection::Down ? 4 * in : in * out + 4 * (in + out);
                expected += rowsOfIt * each;
            }
        expected += 2 * targets * hidden * static_cast<std::uint64_t>(config.vocab_size);
        QCOMPARE(found.multiplyAdds, expected);
    }

    void theNumbersDoNotDependOnTheThreads() {
        const auto fast = decoder(LayerPath::Fast, at::kBFloat16);
        const LoraSet lora = adapterOf(*fast, {"all-linear"}, 0.1);
        const auto rows = rowsOf({300, 100, 7}, 12);
        const int before = at::get_num_threads();
        std::vector<Passed> passes;
        for (const int threads : {1, 3, 8}) {
            at::set_num_threads(threads);
            Workspace workspace;
            passes.push_back(pass(*fast, rows, lora, 0, workspace));
        }
        at::set_num_threads(before);
        for (const Passed& passed : passes) {
            QCOMPARE(passed.loss, passes.front().loss);
            QVERIFY(passed.gradients == passes.front().gradients);
        }
    }

    void theLossOfAnEvaluationIsThePlainPaths() {
        const auto plain = decoder(LayerPath::Plain);
        const auto fast = decoder(LayerPath::Fast);
        const LoraSet lora = adapterOf(*plain, {"all-linear"}, 0.5); // which an evaluation does not drop
        const auto rows = rowsOf({90, 260}, 3);
        Workspace workspace;
        const auto expected = checked(evaluateRows(*plain, &lora, rows, 2, workspace, {}, {}));
        const auto found = checked(evaluateRows(*fast, &lora, rows, 2, workspace, {}, {}));
        QCOMPARE(found.targetTokens, expected.targetTokens);
        QVERIFY(std::abs(found.lossSum - expected.lossSum) <= 1e-6 * expected.lossSum);
    }

    void eachRowHasItsOwnShareOfTheLoss() {
        const auto rows = rowsOf({90, 260, 17, 33, 5}, 3);
        for (const LayerPath path : {LayerPath::Plain, LayerPath::Fast}) {
            const auto model = decoder(path);
            const LoraSet lora = adapterOf(*model, {"all-linear"}, 0.5);
            Workspace workspace;
            const auto together = checked(evaluateRows(*model, &lora, rows, 3, workspace, {}, {}));
            QCOMPARE(together.rowLossSums.size(), rows.size());
            double sum = 0.0;
            for (std::size_t i = 0; i < rows.size(); ++i) {
                const auto alone = checked(evaluateRows(*model, &lora, {rows[i]}, 1, workspace, {}, {}));
                QVERIFY(std::abs(together.rowLossSums[i] - alone.lossSum) <= 1e-5 * alone.lossSum);
                sum += together.rowLossSums[i];
            }
            QVERIFY(std::abs(sum - together.lossSum) <= 1e-6 * together.lossSum);
        }
    }

    void aHundredStepsInBfloat16FollowThePlainPath() {
        TrainRequest request;
        request.trainRows = rowsOf({60, 33, 128, 17, 90, 45, 140, 21}, 4);
        request.settings.batch_size = 4;
        request.settings.gradient_accumulation = 1;
        request.settings.max_steps = 100;
        request.settings.learning_rate = 3e-3;
        const auto plain = lossCurve(*decoder(LayerPath::Plain, at::kBFloat16), request);
        const auto fast = lossCurve(*decoder(LayerPath::Fast, at::kBFloat16), request);
        QCOMPARE(fast.size(), std::size_t{100});
        QCOMPARE(plain.size(), fast.size());
        QVERIFY(fast.back() < 0.95 * fast.front()); // it learns something, else the curves say nothing
        for (std::size_t i = 0; i < fast.size(); ++i)
            QVERIFY2(std::abs(fast[i] - plain[i]) <= kCurveTolerance * plain[i],
                     QByteArray::number(static_cast<qlonglong>(i)) + ": " + QByteArray::number(fast[i]) +
                         " for " + QByteArray::number(plain[i]));
    }

    void thePlanForetellsTheWorkspace_data() {
        QTest::addColumn<QList<int>>("lengths");
        QTest::addColumn<QString>("target");
        QTest::addColumn<double>("dropout");
        QTest::addColumn<int>("recomputedLayers");
        const QString all = QStringLiteral("all-linear");
        QTest::newRow("even rows") << QList<int>{256, 256} << all << 0.0 << 0;
        QTest::newRow("dropout") << QList<int>{256, 256} << all << 0.1 << 0;
        QTest::newRow("recomputed") << QList<int>{256, 256} << all << 0.1 << 2;
        QTest::newRow("one layer recomputed") << QList<int>{256, 256} << all << 0.1 << 1;
        QTest::newRow("one long row") << QList<int>{1500} << all << 0.1 << 0;
        QTest::newRow("a long row recomputed") << QList<int>{1500} << all << 0.0 << 2;
        QTest::newRow("ragged") << QList<int>{700, 30, 5, 90} << all << 0.1 << 0;
        QTest::newRow("one projection") << QList<int>{400, 100} << QStringLiteral("v_proj") << 0.1 << 0;
    }
    void thePlanForetellsTheWorkspace() {
        QFETCH(QList<int>, lengths);
        QFETCH(QString, target);
        QFETCH(double, dropout);
        QFETCH(int, recomputedLayers);
        const auto fast = decoder(LayerPath::Fast, at::kBFloat16);
        const LoraSet lora = adapterOf(*fast, {target.toStdString()}, dropout);
        const auto rows = rowsOf({lengths.begin(), lengths.end()}, 10);
        verifyPlanned(*fast, lora, rows, recomputedLayers);
    }

    // Of six layers any number may be computed again; the planner takes the fewest that fit.
    void thePlanChoosesHowManyLayersAreComputedAgain() {
        formats::ModelConfig config = tinyConfig();
        config.num_hidden_layers = 6;
        const auto deep = randomDecoder(config, at::kBFloat16, 1);
        const LoraSet lora = adapterOf(*deep, {"all-linear"}, 0.1);
        const auto rows = rowsOf({300, 200}, 12);
        WorkspaceShape shape = shapeOf(rows, /*drops=*/true);
        const Passed kept = verifyPlanned(*deep, lora, rows, 0);
        std::uint64_t before = ~std::uint64_t{0};
        for (std::int64_t layers = 0; layers <= 6; ++layers) {
            const Passed found = verifyPlanned(*deep, lora, rows, layers);
            QCOMPARE(found.loss, kept.loss);
            QVERIFY(found.gradients == kept.gradients);
            shape.recomputedLayers = layers;
            const std::uint64_t bytes = workspaceBytes(config, lora.plan, shape);
            if (layers < 6) QVERIFY(bytes < before); // the last is trimmed and saves little
            if (bytes >= before) continue;
            QCOMPARE(fewestRecomputed(config, lora.plan, shape, bytes).value_or(-1), layers);
            before = bytes;
        }
        QVERIFY(!fewestRecomputed(config, lora.plan, shape, before - 1));
    }

    void aStepTakesItsTensorsFromTheWorkspace_data() {
        QTest::addColumn<int>("recomputedLayers");
        QTest::newRow("kept") << 0;
        QTest::newRow("one layer recomputed") << 1;
        QTest::newRow("recomputed") << 2;
    }
    void aStepTakesItsTensorsFromTheWorkspace() {
        QFETCH(int, recomputedLayers);
        formats::ModelConfig config = tinyConfig();
        config.hidden_size = 512;
        config.intermediate_size = 768;
        config.head_dim = 128;
        const auto fast = randomDecoder(config, at::kBFloat16, 1);
        const LoraSet lora = adapterOf(*fast, {"all-linear"}, 0.1);
        const auto rows = rowsOf({1024, 1024, 700}, 5);
        const Batch batch = batchOf(rows);
        const at::Tensor gradients = at::zeros_like(lora.flat);
        Workspace workspace;
        Products products;
        const TrainPass options{products, workspace, {lora.plan.dropout, 11, 7}, 0.01, recomputedLayers};
        (void)forwardBackward(*fast, batch, lora, options, gradients);
        const std::size_t peak = workspace.peakBytes();
        RecordingAllocator recorder;
        (void)forwardBackward(*fast, batch, lora, options, gradients);
        constexpr std::size_t kSmall = 64 * 1024;
        QVERIFY2(recorder.largest <= kSmall, QByteArray::number(static_cast<qulonglong>(recorder.largest)));
        QCOMPARE(workspace.peakBytes(), peak);
        (void)at::zeros_like(gradients);
        QVERIFY(recorder.largest > kSmall); // it sees what is allocated
    }
};

QTEST_GUILESS_MAIN(TestFastPath)
#include "test_fast_path.moc"
