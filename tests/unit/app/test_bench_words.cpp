#include <cstdio>

#include <unistd.h>

#include <QTest>

#include "app/commands/bench_words.h"
#include "core/file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::app;

namespace {

/// In a home without settings, as if the program had begun `startSeconds` after the clock.
Result<jobs::BenchOptions> benchOptionsOf(const BenchWords& words, double startSeconds = 0.0) {
    const testing::TemporaryFolder home;
    for (const char* name : {"HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"})
        qputenv(name, home.path().c_str());
    Output output(stdout, stderr);
    Input input(STDIN_FILENO);
    GlobalOptions options;
    options.startSeconds = startSeconds;
    CommandContext context(options, output, input, CancelToken{});
    return readBenchOptions(context, words);
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

class TestBenchWords final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theClockOfBenchTrainStartsWithTheProgram() {
        const auto bench = benchOptionsOf({}, 2.5);
        QVERIFY2(bench, bench ? "" : bench.error().message.c_str());
        QCOMPARE(*bench->startSeconds, 2.5);
        QCOMPARE(bench->steps, 5);
    }

    void tokensOfAStepAreRowsOfTheLength() {
        BenchWords words;
        words.tokens = "4096";
        words.length = "1024";
        QCOMPARE(benchOptionsOf(words)->rows, 4);
        words.tokens = "4000";
        QVERIFY(contains(benchOptionsOf(words).error().message, "found 4000, expected a multiple"));
        words.rows = "2";
        QVERIFY(contains(benchOptionsOf(words).error().message, "--tokens and --rows"));
    }

    void theShapeOfABenchmarkHasAName() {
        BenchWords words;
        words.shape = "llama-3.2-1b";
        QCOMPARE(benchOptionsOf(words)->shape.vocab_size, std::int64_t{128256});
        words.shape = "llama-4";
        QVERIFY(contains(benchOptionsOf(words).error().message, "smollm2-135m, llama-3.2-1b"));
        words.model = {"smollm2"};
        QVERIFY(contains(benchOptionsOf(words).error().message, "--shape and a model"));
    }

    void theFormatIsThatOfTheSettings() {
        QVERIFY(!benchOptionsOf({})->quantisation);
        qputenv("LLAMA_MODEL_QUANT", "nf4");
        const auto bench = benchOptionsOf({});
        qunsetenv("LLAMA_MODEL_QUANT");
        QVERIFY(bench->quantisation == formats::Quantisation::Nf4);
        QVERIFY(!bench->int8Products);
        qputenv("LLAMA_MODEL_QUANT", "w8a8");
        const auto inInt8 = benchOptionsOf({});
        qunsetenv("LLAMA_MODEL_QUANT");
        QVERIFY(inInt8->quantisation == formats::Quantisation::Int8);
        QVERIFY(inInt8->int8Products);
    }

    void rowsOfAFileDecideWhatWouldBeAskedForOtherwise() {
        const testing::TemporaryFolder folder;
        const auto file = folder / "rows.jsonl";
        QVERIFY(writeFileAtomically(systemFiles(), file, R"({"token_ids":[1,2],"supervised":[true,true]})"));
        BenchWords words;
        words.tokenRows = file.string();
        QCOMPARE(benchOptionsOf(words)->trainRows.size(), std::size_t{1});
        words.steps = "3";
        QVERIFY(contains(benchOptionsOf(words).error().message, "--token-rows and --steps"));
    }
};

QTEST_GUILESS_MAIN(TestBenchWords)
#include "test_bench_words.moc"
