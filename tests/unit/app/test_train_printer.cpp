// What `train` shows of a run: losses in percent, answers side by side, the next command, JSON Lines.
#include <array>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QTest>

#include "app/commands/train_printer.h"
#include "app/signals.h"
#include "app/text_width.h"
#include "core/error_codes.h"
#include "core/shell_quote.h"
#include "support/fixed_clock.h"
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

/// A terminal of 80 columns and what was written to it.
class Terminal {
public:
    Terminal()
        : m_master(::posix_openpt(O_RDWR | O_NOCTTY)) {
        if (m_master < 0 || ::grantpt(m_master) != 0 || ::unlockpt(m_master) != 0)
            throw std::runtime_error("no pseudo terminal");
        m_slave = std::fopen(::ptsname(m_master), "w");
        if (m_slave == nullptr) throw std::runtime_error("the pseudo terminal cannot be opened");
        ::setenv("TERM", "xterm", 1);
        winsize size{};
        size.ws_row = 24;
        size.ws_col = 80;
        ::ioctl(::fileno(m_slave), TIOCSWINSZ, &size);
    }
    ~Terminal() {
        std::fclose(m_slave);
        ::close(m_master);
    }
    std::FILE* file() const { return m_slave; }
    /// The live line as it stands.
    std::string lastLine() const {
        std::string text(65536, '\0');
        const ssize_t count = ::read(m_master, text.data(), text.size());
        text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        const std::size_t erased = text.rfind("\x1b[K");
        return erased == std::string::npos ? text : text.substr(erased + 3);
    }

private:
    int m_master;
    std::FILE* m_slave = nullptr;
};

/// A progress line on a terminal, with a clock that the test moves.
struct LiveProgress {
    Terminal terminal;
    Output output{terminal.file(), terminal.file()};
    testing::FixedClock clock;
    ProgressPrinter printer{output, clock};

    std::string show(double seconds, const Progress& progress, const std::string& note = {}) {
        clock.advance(seconds);
        printer.show(progress, note);
        return terminal.lastLine();
    }
};

Progress steps(std::uint64_t done) {
    return {"training", done, 45, "steps"};
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

    void onANarrowTerminalTheBarGoesBeforeTheTimeLeft() {
        LiveProgress live;
        const std::string note = "loss 0.9899, 200 tokens/s";
        live.show(0, steps(10), note);
        const std::string line = live.show(600, steps(20), note);
        QVERIFY2(contains(line, "20 of 45 steps") && contains(line, "200 tokens/s") &&
                     contains(line, "25 min left"),
                 line.c_str());
        QVERIFY2(displayWidth(line) <= 79 && !contains(line, "…"), line.c_str());
        const std::string longer = live.show(60, steps(21), std::string(40, 'x') + ", 200 tokens/s");
        QVERIFY2(contains(longer, "xx") && contains(longer, "left") && !contains(longer, "tokens/s") &&
                     displayWidth(longer) <= 79,
                 longer.c_str());
    }

    void theTimeLeftOutlivesEvaluations() {
        LiveProgress live;
        live.show(0, steps(1));
        live.show(10, {"evaluating", 23, 23, "rows"});
        const std::string line = live.show(10, steps(2));
        QVERIFY2(contains(line, "2 of 45 steps") && contains(line, "14 min left"), line.c_str());
    }

    void stepsBeforeAResumeDoNotCountAsDoneNow() {
        LiveProgress live;
        live.show(0, {"training", 0, 0, "steps"});
        const std::string first = live.show(10, steps(31));
        QVERIFY2(!contains(first, "left"), first.c_str());
        const std::string second = live.show(10, steps(32));
        QVERIFY2(contains(second, "2 min left"), second.c_str());
    }

    void aDetailIsShownOnlyWhereItAddsSomething() {
        const TemporaryFolder folder;
        std::FILE* err = std::fopen((folder / "err").c_str(), "w");
        Output output(err, err);
        output.error(Error{codes::kUsage, "a.yaml:3: x; 2 problems in all", "a.yaml:3: x\na.yaml:4: y"});
        std::fclose(err);
        QCOMPARE(*readFile(folder / "err"),
                 std::string("llamahome: a.yaml:3: x; 2 problems in all\n  a.yaml:4: y\n"));
    }

    void aReaderThatGoesAwayIsNoError() {
        std::signal(SIGPIPE, SIG_IGN);
        std::array<int, 2> ends{};
        QCOMPARE(::pipe(ends.data()), 0);
        ::close(ends[0]);
        std::FILE* out = ::fdopen(ends[1], "w");
        Output output(out, stderr);
        output.piece("x");
        output.line("y");
        QVERIFY(output.finish());
        std::fclose(out);
        std::FILE* full = std::fopen("/dev/full", "w");
        Output toFull(full, stderr);
        toFull.line("x");
        QVERIFY(toFull.finish().error().code == codes::kFileWrite);
        std::fclose(full);
    }

    void theSecondInterruptSaysHowToGoOn() {
        std::array<int, 2> ends{};
        QCOMPARE(::pipe(ends.data()), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            ::dup2(ends[1], STDERR_FILENO);
            const SignalScope scope{CancelToken{}};
            setAbortMessage("aborted; go on with: llamahome resume r-1");
            std::raise(SIGINT);
            std::raise(SIGINT);
            ::_exit(0);
        }
        ::close(ends[1]);
        std::array<char, 256> text{};
        const ssize_t count = ::read(ends[0], text.data(), text.size());
        ::close(ends[0]);
        int status = 0;
        ::waitpid(child, &status, 0);
        QCOMPARE(WEXITSTATUS(status), 130);
        QCOMPARE(std::string(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0),
                 std::string("\nllamahome: aborted; go on with: llamahome resume r-1\n"));
    }

    void shellLinesCanBeTypedAgain() {
        QCOMPARE(shellLine({"train", "--system", "it's", "a b", ""}),
                 std::string("train --system 'it'\\''s' 'a b' ''"));
    }
};

QTEST_GUILESS_MAIN(TestTrainPrinter)
#include "test_train_printer.moc"
