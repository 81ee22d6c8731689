// The plain path against transformers + peft (fixtures made by make_model_fixtures.py).
#include <ATen/ops/zeros_like.h>

#include <QTest>

#include "llama/load/load_decoder.h"
#include "llama/runtime/engine_impl.h"
#include "llama/train/micro_batch_pass.h"
#include "parity/fixture.h"

using namespace llamahome;
using namespace llamahome::engine;
using namespace llamahome::testing;

namespace {

constexpr double kLogitTolerance = 1e-5;    // relative to the largest logit
constexpr double kGradientTolerance = 1e-4; // relative to the largest entry of each matrix
constexpr double kLossTolerance = 1e-4;

struct SilentObserver final : TrainObserver {
    std::vector<MetricPoint> points;
    Result<void> onMetric(const MetricPoint& point) override {
        points.push_back(point);
        return {};
    }
    Result<void> onCheckpoint(const TrainState&) override { return {}; }
    void onProgress(const Progress&) override {}
};

std::unique_ptr<LanguageModel> load(const Fixture& fixture) {
    auto model = (*createEngine())->loadModel(fixture.folder(), {Precision::Fp32, {}, {}});
    if (!model) throw std::runtime_error(model.error().message);
    return std::move(*model);
}

formats::PeftAdapter peftAdapter(const Fixture& fixture) {
    auto adapter = formats::readPeftAdapter(fixture.adapterFolder());
    if (!adapter) throw std::runtime_error(adapter.error().message);
    return std::move(*adapter);
}

std::string gradientName(const formats::LoraPair& pair, const char* matrix) {
    return "gradient.base_model.model." + pair.module + "." + matrix + ".weight";
}

} // namespace

class TestParity final : public QObject {
    Q_OBJECT

private:
    static void addCases() {
        QTest::addColumn<QString>("name");
        for (const char* name : {"gqa_tied", "mha_untied", "llama3_rope", "nf4", "int8"})
            QTest::newRow(name) << QString::fromLatin1(name);
    }
    static Fixture currentFixture() {
        QFETCH(QString, name);
        return Fixture(name.toStdString());
    }

private Q_SLOTS:
    void logitsOfTheBase_data() { addCases(); }
    void logitsOfTheBase() {
        const Fixture fixture = currentFixture();
        const auto logits = load(fixture)->logits(fixture.longRow());
        QVERIFY2(logits, logits ? "" : logits.error().message.c_str());
        const double difference = relativeDifference(*logits, fixture.tensor("base.logits"));
        QVERIFY2(difference <= kLogitTolerance, QByteArray::number(difference));
    }

    void logitsWithAnAdapterOfPeft_data() { addCases(); }
    void logitsWithAnAdapterOfPeft() {
        const Fixture fixture = currentFixture();
        const auto model = load(fixture);
        QVERIFY(model->setAdapter(peftAdapter(fixture)));
        const auto adapted = model->logits(fixture.longRow());
        QVERIFY(adapted);
        QVERIFY(relativeDifference(*adapted, fixture.tensor("adapter.logits")) <= kLogitTolerance);
        model->setAdapterScale(0.0);
        const auto base = model->logits(fixture.longRow());
        QVERIFY(base);
        QVERIFY(relativeDifference(*base, fixture.tensor("base.logits")) <= kLogitTolerance);
    }

    void logitsWithEveryFormOfAdapter_data() {
        QTest::addColumn<QString>("form");
        for (const char* form :
             {"patterns", "patterns_rslora", "expression", "layers", "biases", "biases_lora_only"})
            QTest::newRow(form) << QString::fromLatin1(form);
    }
    void logitsWithEveryFormOfAdapter() {
        QFETCH(const QString, form);
        const auto folder = std::filesystem::path(LLAMAHOME_TEST_DATA) / "parity";
        const auto base = folder / (form.startsWith(u"biases") ? "adapters/biased_base" : "gqa_tied");
        auto model = (*createEngine())->loadModel(base, {Precision::Fp32, {}, {}});
        QVERIFY2(model, model ? "" : model.error().message.c_str());
        const auto form8 = form.toStdString();
        const auto adapter = formats::readPeftAdapter(folder / "adapters" / form8);
        QVERIFY2(adapter, adapter ? "" : adapter.error().message.c_str());
        std::vector<std::int32_t> row(20);
        for (std::size_t i = 0; i < row.size(); ++i)
            row[i] = static_cast<std::int32_t>((7 * i * i + 3) % 96);
        const auto plain = (*model)->logits(row);
        QVERIFY((*model)->setAdapter(*adapter));
        const auto adapted = (*model)->logits(row);
        QVERIFY(plain && adapted);
        const auto expected = tensorOf(folder / "adapters" / form8 / "expected.safetensors", "logits");
        const double difference = relativeDifference(*adapted, expected);
        QVERIFY2(difference <= kLogitTolerance, QByteArray::number(difference));
        QVERIFY(relativeDifference(*plain, expected) > 0.01); // the adapter does something
        (*model)->setAdapterScale(0.0);
        QVERIFY(relativeDifference(*(*model)->logits(row), *plain) <= kLogitTolerance);
    }

    void everyLoraGradient_data() { addCases(); }
    void everyLoraGradient() {
        const Fixture fixture = currentFixture();
        auto decoder = loadDecoder(fixture.folder(), at::kFloat, {}, {});
        QVERIFY(decoder);
        const formats::PeftAdapter adapter = peftAdapter(fixture);
        auto plan = planOf((*decoder)->config(), adapter);
        QVERIFY(plan);
        const LoraSet lora(*plan, flatten(*plan, adapter), (*decoder)->layerCount());
        const auto rows = fixture.rows();
        std::vector<const text::TokenRow*> picked;
        std::size_t targets = 0;
        for (const auto& row : rows) {
            picked.push_back(&row);
            targets += row.targetCount();
        }
        const Batch batch = makeBatch(picked, 0);
        for (const std::int64_t recomputed :
             {std::int64_t{0}, (*decoder)->layerCount() - 1, (*decoder)->layerCount()}) {
            const at::Tensor gradients = at::zeros_like(lora.flat);
            Products products;
            Workspace workspace;
            const TrainPass pass{products, workspace, {}, 1.0 / static_cast<double>(targets), recomputed};
            const double loss = forwardBackward(**decoder, batch, lora, pass, gradients);
            const double expectedLoss = fixture.expected()["mean_loss"].get<double>();
            QVERIFY(std::abs(loss / static_cast<double>(targets) - expectedLoss) <= 1e-5 * expectedLoss);
            formats::PeftAdapter found = adapter;
            unflatten(*plan, toVector(gradients), found);
            QCOMPARE(found.pairs.size(), adapter.pairs.size());
            for (const auto& pair : found.pairs) {
                const double a = relativeDifference(pair.loraA, fixture.tensor(gradientName(pair, "lora_A")));
                const double b = relativeDifference(pair.loraB, fixture.tensor(gradientName(pair, "lora_B")));
                QVERIFY2(a <= kGradientTolerance && b <= kGradientTolerance, pair.module.c_str());
            }
        }
    }

    void tenTrainingSteps_data() { addCases(); }
    void tenTrainingSteps() {
        const Fixture fixture = currentFixture();
        const auto model = load(fixture);
        const Json& train = fixture.expected()["train"];
        TrainRequest request;
        request.trainRows = fixture.rows();
        request.shuffle = false;
        request.initialAdapter = peftAdapter(fixture);
        auto& s = request.settings;
        s.batch_size = train["batch_size"].get<int>();
        s.gradient_accumulation = train["accumulation"].get<int>();
        s.max_steps = train["steps"].get<int>();
        s.learning_rate = train["learning_rate"].get<double>();
        s.warmup_ratio = train["warmup_ratio"].get<double>();
        s.max_grad_norm = train["max_grad_norm"].get<double>();
        s.weight_decay = 0.01;
        s.lr_schedule = "cosine";
        s.lora.r = static_cast<int>(request.initialAdapter->r);
        s.lora.alpha = request.initialAdapter->alpha;
        s.lora.dropout = 0.0;
        SilentObserver observer;
        const auto outcome = model->train(request, observer);
        QVERIFY2(outcome, outcome ? "" : outcome.error().message.c_str());
        const Json& steps = fixture.expected()["train_steps"];
        QCOMPARE(observer.points.size(), steps.size());
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const MetricPoint& point = observer.points[i];
            QVERIFY(std::abs(point.trainLoss - steps[i]["train_loss"].get<double>()) <= kLossTolerance);
            QVERIFY(std::abs(point.gradNorm - steps[i]["grad_norm"].get<double>()) <= 1e-3 * point.gradNorm);
            QVERIFY(std::abs(point.learningRate - steps[i]["learning_rate"].get<double>()) <= 1e-12);
        }
        for (const auto& pair : outcome->state.adapter.pairs) {
            const std::string name = "trained.base_model.model." + pair.module;
            QVERIFY(relativeDifference(pair.loraA, fixture.tensor(name + ".lora_A.weight")) <= 1e-3);
            QVERIFY(relativeDifference(pair.loraB, fixture.tensor(name + ".lora_B.weight")) <= 1e-3);
        }
    }

    void greedyTokens_data() { addCases(); }
    void greedyTokens() {
        const Fixture fixture = currentFixture();
        const auto model = load(fixture);
        const auto expected = fixture.expected()["greedy"].get<std::vector<std::int32_t>>();
        const std::vector<std::int32_t> prompt = fixture.rows().front().tokens;
        GenerationOptions options;
        options.maxNewTokens = static_cast<int>(expected.size() - prompt.size());
        const auto generated = model->generate(prompt, options, {}, {});
        QVERIFY(generated);
        std::vector<std::int32_t> whole = prompt;
        whole.insert(whole.end(), generated->tokens.begin(), generated->tokens.end());
        QCOMPARE(whole, expected);
    }
};

QTEST_GUILESS_MAIN(TestParity)
#include "test_parity.moc"
