// What `train` shows of a run: losses in percent, answers side by side, the next command, JSON Lines.
#include <unistd.h>

#include <QTest>

#include "app/commands/train_printer.h"
#include "app/text_width.h"
#include "core/error_codes.h"
#include "core/shell_quote.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::app;
using testing::TemporaryFolder;

namespace {

jobs::TrainSummary sampleSummary() {
    jobs::TrainSummary summary;
    summary.runName = "r-1";
    summary.adapterFolder = "/data/a";
    summary.adapterName = "a";
    summary.steps = 40;
    summary.totalSteps = 45;
    summary.trainedTokens = 1000;
    summary.seconds = 12;
    summary.firstEvalLoss = 2.0;
    summary.lastEvalLoss = 1.6;
    summary.best = jobs::RunBest{1.5, 30};
    summary.samples = {{"before", 0, "Q?", "R", "old answer"}, {"after", 40, "Q?", "R", "new answer"}};
    return summary;
}

struct Shown {
    std::optional<Error> error;
    std::string out;
    std::string err;
};

Shown show(const jobs::TrainSummary& summary, bool json) {
    const TemporaryFolder folder;
    std::FILE* out = std::fopen((folder / "out").c_str(), "w");
    std::FILE* err = std::fopen((folder / "err").c_str(), "w");
    Shown shown;
    {
        Output output(out, err);
        output.setJson(json);
        Input input(STDIN_FILENO);
        const GlobalOptions options;
        CommandContext context(options, output, input, CancelToken{});
        TrainPrinter printer(context);
        engine::MetricPoint point;
        point.step = 3;
        point.trainLoss = 1.25;
        printer.onMetric(point);
        point.isEvaluation = true;
        point.evalLoss = 1.75;
        printer.onMetric(point);
        if (auto finished = printer.finish(summary, "smollm2 135m-instruct"); !finished)
            shown.error = finished.error();
    }
    std::fclose(out);
    std::fclose(err);
    shown.out = *readFile(folder / "out");
    shown.err = *readFile(folder / "err");
    return shown;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace

class TestTrainPrinter final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aFinishedRunShowsLossAnswersAndTheNextCommand() {
        const Shown shown = show(sampleSummary(), false);
        QVERIFY(!shown.error);
        for (const char* part :
             {"Eval loss: 2 → 1.5 (-25 %)", "Question: Q?", "old answer", "new answer", "In the data: R",
              "Adapter: /data/a", "llamahome chat smollm2 135m-instruct --adapter a"})
            QVERIFY2(contains(shown.out, part), shown.out.c_str());
        QVERIFY2(contains(shown.err, "step 3: eval loss 1.75"), shown.err.c_str());
    }

    void anInterruptedRunIsAnErrorThatNamesTheWayOn() {
        jobs::TrainSummary summary = sampleSummary();
        summary.end = jobs::TrainEnd::Interrupted;
        const Shown shown = show(summary, false);
        QVERIFY(shown.error && shown.error->code == codes::kCancelled);
        QVERIFY2(contains(shown.error->message, "llamahome resume r-1") &&
                     contains(shown.error->message, "40 of 45"),
                 shown.error->message.c_str());
    }

    void underJsonEveryEventIsALineAndTheSummaryIsLast() {
        const Shown shown = show(sampleSummary(), true);
        std::vector<Json> lines;
        std::string rest = shown.out;
        for (std::size_t end = 0; (end = rest.find('\n')) != std::string::npos; rest.erase(0, end + 1)) {
            const auto json = parseJson(rest.substr(0, end), "line");
            QVERIFY2(json, rest.c_str());
            lines.push_back(*json);
        }
        QCOMPARE(lines.size(), std::size_t{3});
        QVERIFY(lines[0]["kind"] == "train" && lines[0]["train_loss"] == 1.25 &&
                !lines[0].contains("eval_loss"));
        QVERIFY(lines[1]["kind"] == "eval" && lines[1]["eval_loss"] == 1.75);
        QVERIFY(lines[2]["kind"] == "summary" && lines[2]["best_eval_loss"] == 1.5 &&
                lines[2]["adapter"] == "a");
    }

    void answersStandBesideEachOtherWhereThereIsRoom() {
        QCOMPARE(sideBySide("before", "one two", "after", "three\nfour", 80),
                 std::string("before                                 | after\n"
                             "one two                                | three\n"
                             "                                       | four\n"));
        QCOMPARE(sideBySide("before", "one", "after", "two", 40),
                 std::string("before\n  one\nafter\n  two\n"));
    }

    void wrappingBreaksAtBlanksAndInWideWords() {
        QCOMPARE(wrapped("one two three", 7), (std::vector<std::string>{"one two", "three"}));
        QCOMPARE(wrapped("abcdefgh", 3), (std::vector<std::string>{"abc", "def", "gh"}));
        QCOMPARE(wrapped("a\n\nb", 5), (std::vector<std::string>{"a", "", "b"}));
        QCOMPARE(wrapped("", 5), (std::vector<std::string>{""}));
        QCOMPARE(wrapped("日本語", 1), (std::vector<std::string>{"日", "本", "語"}));
    }

    void shellLinesCanBeTypedAgain() {
        QCOMPARE(shellLine({"train", "--system", "it's", "a b", ""}),
                 std::string("train --system 'it'\\''s' 'a b' ''"));
    }
};

QTEST_GUILESS_MAIN(TestTrainPrinter)
#include "test_train_printer.moc"
