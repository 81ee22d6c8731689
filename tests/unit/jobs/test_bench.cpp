#include <algorithm>
#include <cmath>
#include <set>

#include <QTest>

#include "core/error_codes.h"
#include "jobs/quantised_cache.h"
#include "jobs/system/bench.h"
#include "jobs/system/token_rows.h"
#include "library_fixture.h"
#include "llama/lora/lora_plan.h"
#include "support/checked.h"
#include "support/tiny_model.h"
#include "support/training_ground.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

BenchOptions smallBench() {
    BenchOptions options;
    options.shape = tinyConfig();
    options.length = 16;
    options.promptTokens = 8;
    options.newTokens = 4;
    return options;
}

double multiplyAdds(const std::vector<StepProduct>& products, StepPart part) {
    double sum = 0.0;
    for (const StepProduct& product : products)
        if (product.part == part) sum += product.multiplyAdds;
    return sum;
}

/// `count` rows of `length` tokens, all supervised.
std::vector<text::TokenRow> rowsOf(std::size_t count, std::size_t length) {
    return std::vector<text::TokenRow>(
        count, {std::vector<std::int32_t>(length, 5), std::vector<std::uint8_t>(length, 1)});
}

bool isNear(double found, double expected) {
    return std::abs(found - expected) <= 1e-9 * expected;
}

} // namespace

class TestBench final : public QObject {
    Q_OBJECT

private:
    FixedClock m_clock;

private Q_SLOTS:
    void theShapesAreThoseOfTheirModels() {
        QCOMPARE(smolLm2Shape().parameterCount(), std::uint64_t{134'515'008});
        QCOMPARE(llama1bShape().parameterCount(), std::uint64_t{1'235'814'400});
    }

    // By hand for SmolLM2: 100 tokens, of them 40 targets, in two rows of 60 and 40.
    void theProductsOfAStepAreThoseOfTheFormula() {
        const StepShape step{100.0, 40.0, 60.0 * 61 / 2 + 40.0 * 41 / 2};
        const auto products = trainingProducts(smolLm2Shape(), 8, step);
        const double input = 576.0 * (576 + 192 + 192); // q, k, v: no gradient of the lowest layer's input
        const double behind =
            576.0 * 576 + 3.0 * 576 * 1536; // o, gate, up, down: the last layer's for targets
        QVERIFY(isNear(multiplyAdds(products, StepPart::Frozen),
                       2.0 * (30 * 100 * input + 29 * 100 * behind + 40 * behind) - 100 * input));
        QVERIFY(isNear(multiplyAdds(products, StepPart::Head), 2.0 * 40 * 576 * 49152));
        QVERIFY(isNear(multiplyAdds(products, StepPart::Attention), 7.0 * 30 * step.pairs * 576));
        const double inputSides = 1152 + 768 + 768;
        const double behindSides = 1152 + 3 * 2112;
        QVERIFY(isNear(multiplyAdds(products, StepPart::Adapters),
                       3.0 * 8 * (30 * 100 * inputSides + 29 * 100 * behindSides + 40 * behindSides) -
                           100.0 * 8 * 3 * 576));
        std::set<std::tuple<StepPart, std::int64_t, std::int64_t, std::int64_t>> shapes;
        for (const StepProduct& product : products)
            QVERIFY(shapes.insert({product.part, product.m, product.k, product.n}).second);
    }

    void aStepIsCountedFromItsRows() {
        auto rows = rowsOf(2, 60);
        rows[1].supervised.assign(60, 0);
        rows[1].supervised.back() = 1;
        const StepShape step = stepShape(rows);
        QCOMPARE(step.tokens, 120.0);
        QCOMPARE(step.targets, 60.0); // 59 of the first row, whose first token is no target, and one
        QCOMPARE(step.pairs, 2.0 * 60 * 61 / 2);
    }

    void theBoundIsTheTimeOfItsProductsAtTheMeasuredRates() {
        FakeEngine engine; // 100 GFLOP/s whatever the shape
        const auto products = trainingProducts(smolLm2Shape(), 8, stepShape(rowsOf(4, 512)));
        const auto bound = measureBound(products, engine, engine::Precision::Fp32, {}, {});
        QVERIFY(bound);
        QCOMPARE(bound->parts.size(), std::size_t{4});
        double sum = 0.0;
        for (const PartBound& part : bound->parts) {
            QVERIFY(isNear(part.gflop, 2e-9 * multiplyAdds(products, part.part)));
            QVERIFY(isNear(part.seconds, part.gflop / 100.0));
            sum += part.seconds;
        }
        QVERIFY(isNear(bound->seconds(), sum));
    }

    void aNewTokenReadsEveryWeightAndTheContext() {
        formats::ModelConfig shape = smolLm2Shape();
        const double context = 2.0 * 512 * 30 * 192;
        QCOMPARE(decodeBytes(shape, 512, 2.0), 2.0 * (134'515'008 + context));
        shape.tie_word_embeddings = false; // a head of its own; of the embedding one row
        QCOMPARE(decodeBytes(shape, 512, 2.0), 2.0 * (134'515'008 + context));
        const double matrices = 30.0 * (2.0 * 576 * 576 + 2.0 * 576 * 192 + 3.0 * 576 * 1536); // elements
        const double rows = 30.0 * (2.0 * 576 + 2.0 * 192 + 2.0 * 1536 + 576);                 // of theirs
        QCOMPARE(decodeBytes(shape, 512, 2.0, formats::Quantisation::Int8),
                 2.0 * (134'515'008 + context) - matrices + 4.0 * rows);
    }

    void benchTrainTimesItsStepsWithoutTheWarmUp() {
        FakeEngine engine;
        BenchOptions options = smallBench();
        options.steps = 3;
        const auto results = benchTrain(engine, options, m_clock, {}, {});
        QVERIFY2(results, results ? "" : results.error().message.c_str());
        QCOMPARE(engine.history().trainedSteps.size(), std::size_t{4});
        const BenchResult& result = results->front();
        QCOMPARE(result.name, std::string("train"));
        QCOMPARE(result.steps.size(), std::size_t{4});
        QCOMPARE(*result.tokensPerSecond, 4 * 16 / 0.5);
        QCOMPARE(*result.boundShare, *result.tokensPerSecond / *result.boundTokensPerSecond);
        QVERIFY(*result.peakRssMib > 0.0 && *result.peakAnonymousMib > 0.0);
        QVERIFY(*result.peakAnonymousMib <= *result.peakRssMib);
        QCOMPARE(engine.history().settings.lora.target_modules.size(), std::size_t{7});
        QCOMPARE(engine.history().settings.lora.r, 8);
        const Json json = benchJson(engine.info(), *results);
        QVERIFY(json["machine"].contains("processor"));
        for (const char* key : {"name", "tokens_per_second", "bound_share", "peak_rss_mib",
                                "peak_anonymous_mib", "seconds_to_first_step", "bound", "steps"})
            QVERIFY2(json["results"][0].contains(key), key);
        QCOMPARE(json["results"][0]["steps"].size(), std::size_t{4});
        QVERIFY(json["results"][0]["bound"]["attention"]["gflop"].get<double>() > 0.0);
        QVERIFY(!json["results"][0].contains("gflops"));
    }

    void givenRowsAreTrainedOnOnceAndTheirMeanStepIsTheBounds() {
        FakeEngine engine;
        BenchOptions options = smallBench();
        options.rows = 2;
        options.trainRows = rowsOf(2, 30);
        for (const std::size_t length : {10, 20, 40})
            options.trainRows.push_back(rowsOf(1, length).front());
        const auto results = benchTrain(engine, options, m_clock, {}, {});
        QVERIFY2(results, results ? "" : results.error().message.c_str());
        const BenchResult& result = results->front();
        std::vector<std::uint64_t> tokens;
        for (const BenchStep& step : result.steps)
            tokens.push_back(step.tokens);
        QCOMPARE(tokens, (std::vector<std::uint64_t>{60, 30, 40}));
        QCOMPARE(*result.tokensPerSecond, 70 / 1.0); // half a second a step, the first not counted
        const StepShape timed = stepShape({options.trainRows.begin() + 2, options.trainRows.end()});
        const auto products =
            trainingProducts(tinyConfig(), 8, {timed.tokens / 2, timed.targets / 2, timed.pairs / 2});
        double all = 0.0;
        for (const StepPart part :
             {StepPart::Frozen, StepPart::Head, StepPart::Attention, StepPart::Adapters})
            all += multiplyAdds(products, part);
        QVERIFY(isNear(*result.boundTokensPerSecond, 35.0 / (2e-11 * all)));
    }

    void aShareOfEveryRandomRowIsSupervised() {
        FakeEngine engine;
        BenchOptions options = smallBench();
        options.supervisedPercent = 25;
        const auto results = benchTrain(engine, options, m_clock, {}, {});
        QVERIFY(results);
        const auto head = std::find_if(results->front().bound.begin(), results->front().bound.end(),
                                       [](const PartBound& part) { return part.part == StepPart::Head; });
        const formats::ModelConfig shape = tinyConfig();
        const double row = 2e-9 * 2.0 * static_cast<double>(shape.hidden_size * shape.vocab_size);
        QVERIFY(isNear(head->gflop, 4 * 4 * row)); // four rows, a quarter of sixteen tokens
    }

    void benchInferTellsPrefillAndDecode() {
        FakeEngine engine;
        engine.script().answer = "abcdefgh";
        const LibraryFixture fixture;
        BenchOptions options = smallBench();
        options.precision = engine::Precision::Fp32;
        options.folder = fixture.importedModel().path;
        const auto results = benchInfer(engine, options, {}, {});
        QVERIFY(results);
        std::vector<std::string> names;
        for (const BenchResult& result : *results)
            names.push_back(result.name);
        QCOMPARE(names,
                 (std::vector<std::string>{"infer prefill", "infer decode", "infer prefill int8",
                                           "infer decode int8", "infer prefill nf4", "infer decode nf4"}));
        QVERIFY(engine.history().quantisation == formats::Quantisation::Nf4);
        QCOMPARE(*results->at(0).tokensPerSecond, 8 / 0.5);
        const std::vector<std::optional<formats::Quantisation>> formats{
            std::nullopt, formats::Quantisation::Int8, formats::Quantisation::Nf4};
        for (std::size_t i = 0; i < formats.size(); ++i) {
            const BenchResult& decode = results->at(2 * i + 1);
            QCOMPARE(*decode.tokensPerSecond, 4 / 0.5);
            QCOMPARE(*decode.readGbPerSecond, 50.0);
            QVERIFY(
                isNear(*decode.boundTokensPerSecond, 50e9 / decodeBytes(tinyConfig(), 10, 4.0, formats[i])));
            QCOMPARE(decode.peakRssMib.has_value(), i == 0);
        }
        for (const BenchResult& result : *results)
            QCOMPARE(*result.boundShare, *result.tokensPerSecond / *result.boundTokensPerSecond);
    }

    void benchInferOfOneFormatTellsThatAlone() {
        FakeEngine engine;
        const LibraryFixture fixture;
        BenchOptions options = smallBench();
        const auto random = benchInfer(engine, options, {}, {}); // whose weights are not quantised
        QVERIFY(random);
        QCOMPARE(random->size(), std::size_t{2});
        options.folder = fixture.importedModel().path;
        options.quantisation = formats::Quantisation::Int8;
        const auto results = benchInfer(engine, options, {}, {});
        QVERIFY(results);
        QCOMPARE(results->size(), std::size_t{2});
        QCOMPARE(results->at(1).name, std::string("infer decode int8"));
        QVERIFY(!engine.history().int8Products);
        options.int8Products = true;
        const auto inInt8 = benchInfer(engine, options, {}, {});
        QVERIFY(inInt8);
        QCOMPARE(inInt8->at(0).name, std::string("infer prefill w8a8"));
        QVERIFY(engine.history().int8Products);
    }

    void benchGemmMeasuresEveryShapeOnce() {
        FakeEngine engine;
        const auto results = benchGemm(engine, BenchOptions{}, {}, {});
        QVERIFY(results);
        std::set<std::string> names;
        for (const BenchResult& result : *results)
            names.insert(result.name);
        QCOMPARE(names.size(), results->size());
        QVERIFY(names.count("gemm 2048x576x1536") == 1);
        QVERIFY(names.count("gemm 2048x1536x576") == 1);
    }

    void secondsToTheFirstStepCountFromTheStartOfTheProgram() {
        FakeEngine engine;
        FixedClock clock;
        clock.advance(7.5);
        BenchOptions options = smallBench();
        options.startSeconds = 2.0;
        const auto results = benchTrain(engine, options, clock, {}, {});
        QCOMPARE(*results->front().secondsToFirstStep, 5.5);
    }

    void aFoldersModelIsMeasuredInsteadOfAShape() {
        TrainingGround ground;
        BenchOptions options = smallBench();
        options.folder = ground.model;
        QVERIFY(benchTrain(ground.engine, options, ground.clock, {}, {}));
        QVERIFY(benchInfer(ground.engine, options, {}, {}));
        QCOMPARE(ground.engine.history().loads, 4);
    }

    void whatAnInstalledModelIsMeasuredWithIsWhatChatMaps() {
        const LibraryFixture fixture;
        FakeEngine engine;
        BenchOptions options = smallBench();
        options.folder = fixture.importedModel().path;
        QVERIFY(benchInfer(engine, options, {}, {}));
        QVERIFY(engine.history().quantisedFile.empty());
        options.files = &systemFiles();
        QVERIFY(benchInfer(engine, options, {}, {}));
        QCOMPARE(engine.history().quantisedFile,
                 checked(quantisedCache(systemFiles(), *options.folder, formats::Quantisation::Nf4, {}, {})));
    }

    void benchLoadTellsTheDiskAndTheMemoryApart() {
        TrainingGround ground;
        std::set<std::string> dropped;
        BenchOptions options;
        options.dropFromCache = [&](const fs::path& file) -> Result<bool> {
            dropped.insert(file.filename().string());
            return true;
        };
        const auto results = benchLoad(ground.engine, ground.model, options, ground.clock, {}, {});
        QVERIFY(results);
        QCOMPARE(ground.engine.history().loads, 6);
        QCOMPARE(ground.engine.history().generations.size(), std::size_t{6});
        QCOMPARE(ground.engine.history().generations.front().maxNewTokens, 1);
        QCOMPARE(results->size(), std::size_t{2});
        QCOMPARE(results->at(0).name, std::string("load cold"));
        QCOMPARE(results->at(1).name, std::string("load warm"));
        for (const BenchResult& result : *results)
            QVERIFY(result.seconds && result.secondsToFirstToken && result.note.empty());
        for (const char* name : {"model.safetensors", "config.json", "tokenizer.json"})
            QVERIFY2(dropped.count(name) == 1, name);
    }

    void benchLoadSaysWhenTheDiskCannotBeMeasured() {
        TrainingGround ground;
        BenchOptions options;
        options.dropFromCache = [](const fs::path& file) -> Result<bool> {
            return file.filename() != "model.safetensors";
        };
        const auto results = benchLoad(ground.engine, ground.model, options, ground.clock, {}, {});
        QVERIFY(results);
        QVERIFY2(contains(results->at(0).note, "model.safetensors"), results->at(0).note.c_str());
        const Json json = benchJson(ground.engine.info(), *results);
        QVERIFY(json["results"][0].contains("note") && !json["results"][0].contains("seconds"));
        QVERIFY(json["results"][1].contains("seconds") && !json["results"][1].contains("note"));
    }

    void benchmarksStopOnRequest() {
        FakeEngine engine;
        const CancelToken cancel;
        cancel.cancel();
        for (const auto& code : {benchTrain(engine, smallBench(), m_clock, cancel, {}).error().code,
                                 benchInfer(engine, smallBench(), cancel, {}).error().code,
                                 benchGemm(engine, smallBench(), cancel, {}).error().code})
            QVERIFY(code == codes::kCancelled);
    }

    void rowsOfTokensAreReadFromLines() {
        const TemporaryFolder folder;
        const fs::path file = folder / "rows.jsonl";
        QVERIFY(
            writeFileAtomically(systemFiles(), file,
                                "{\"token_ids\":[1,2,3],\"supervised\":[false,true,true],\"text\":\"x\"}\n\n"
                                "{\"supervised\":[true,false],\"token_ids\":[0,49151]}"));
        const auto rows = readTokenRows(file);
        QVERIFY2(rows, rows ? "" : rows.error().message.c_str());
        QCOMPARE(rows->size(), std::size_t{2});
        QCOMPARE(rows->at(0).tokens, (std::vector<std::int32_t>{1, 2, 3}));
        QCOMPARE(rows->at(0).supervised, (std::vector<std::uint8_t>{0, 1, 1}));
        QCOMPARE(rows->at(1).tokens, (std::vector<std::int32_t>{0, 49151}));
    }

    void aWrongRowOfTokensIsNamedByItsLine_data() {
        QTest::addColumn<QByteArray>("line");
        QTest::addColumn<QByteArray>("found");
        QTest::newRow("no marks") << QByteArray(R"({"token_ids":[1,2]})")
                                  << QByteArray("no list 'supervised'");
        QTest::newRow("a list") << QByteArray("[1,2]") << QByteArray("no list 'token_ids'");
        QTest::newRow("fewer marks") << QByteArray(R"({"token_ids":[1,2],"supervised":[true]})")
                                     << QByteArray("1 supervised");
        QTest::newRow("one token") << QByteArray(R"({"token_ids":[1],"supervised":[true]})")
                                   << QByteArray("1 token_ids");
        QTest::newRow("below zero") << QByteArray(R"({"token_ids":[1,-2],"supervised":[true,true]})")
                                    << QByteArray("-2 with true");
        QTest::newRow("beyond 32 bits")
            << QByteArray(R"({"token_ids":[1,2147483648],"supervised":[true,true]})")
            << QByteArray("2147483648 with true");
        QTest::newRow("a number as mark")
            << QByteArray(R"({"token_ids":[1,2],"supervised":[true,1]})") << QByteArray("2 with 1");
    }
    void aWrongRowOfTokensIsNamedByItsLine() {
        QFETCH(QByteArray, line);
        QFETCH(QByteArray, found);
        const TemporaryFolder folder;
        const fs::path file = folder / "rows.jsonl";
        QVERIFY(writeFileAtomically(systemFiles(), file,
                                    R"({"token_ids":[1,2],"supervised":[true,true]})"
                                    "\n" +
                                        line.toStdString()));
        const auto rows = readTokenRows(file);
        QVERIFY(!rows);
        QVERIFY(rows.error().code == codes::kJsonShape);
        QVERIFY2(contains(rows.error().message, "line 2: found"), rows.error().message.c_str());
        QVERIFY2(contains(rows.error().message, found.toStdString()), rows.error().message.c_str());
    }

    void aFileWithoutRowsIsAnError() {
        const TemporaryFolder folder;
        QVERIFY(writeFileAtomically(systemFiles(), folder / "rows.jsonl", "\n"));
        QVERIFY(readTokenRows(folder / "rows.jsonl").error().code == codes::kJsonShape);
        QVERIFY(readTokenRows(folder / "none.jsonl").error().code == codes::kFileNotFound);
    }
};

QTEST_GUILESS_MAIN(TestBench)
#include "test_bench.moc"
