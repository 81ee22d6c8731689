#include <QTest>

#include "app/command_line.h"
#include "app/completion.h"
#include "app/progress_printer.h"
#include "app/text_width.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::app;
using Words = std::vector<std::string>;

namespace {

struct Given {
    bool json = false;
    std::optional<std::string> root;
    Words sets;
    Words model;
    Words data;
    Words as;
    std::optional<std::string> prompt;
    std::optional<std::string> path;
};

/// A small program with every kind of argument.
CommandSpec sampleProgram(Given& given) {
    CommandSpec program{"llamahome", "A program", "llamahome train a b --data x"};
    program.flag("--json", "results as JSON", given.json).value("--root", "DIR", "data root", given.root);
    program.repeated("--set", "KEY=VALUE", "a setting", given.sets);
    const auto run = [](CommandContext&) -> Result<void> { return {}; };
    CommandSpec train{"train", "Fine-tune it's model", "llamahome train a b --data x"};
    train.words("MODEL", "MODEL", 2, "which model", given.model);
    train.values("--data", "FILE", "data files", given.data, ValueKind::File).required();
    train.value("--prompt", "TEXT", "a prompt", given.prompt);
    train.run = run;
    CommandSpec import{"import", "Take over", "llamahome import x --as a b"};
    import.positional("PATH", "what to take over", given.path).required();
    import.words("--as", "FAMILY VERSION", 2, "its name", given.as);
    import.run = run;
    CommandSpec runs{"runs", "Runs", "llamahome runs list"};
    runs.run = run;
    CommandSpec list{"list", "All runs", "llamahome runs list"};
    list.run = run;
    CommandSpec hidden{"hidden", "Not shown", "llamahome hidden"};
    hidden.hidden = true;
    hidden.run = run;
    runs.commands = {list};
    program.commands = {train, import, runs, hidden};
    return program;
}

std::string failureOf(const Words& words) {
    Given given;
    const CommandSpec program = sampleProgram(given);
    const auto parsed = parseCommandLine(program, words);
    if (parsed) return "no failure";
    return parsed.error().code == codes::kUsage ? parsed.error().message : "another code";
}

/// Time that tests set.
class SetClock final : public Clock {
public:
    double monotonicSeconds() const override { return seconds; }
    std::chrono::system_clock::time_point now() const override { return {}; }
    double seconds = 0.0;
};

} // namespace

class TestCommandLine final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void globalOptionsStandBeforeAndAfterTheCommand() {
        Given given;
        const CommandSpec program = sampleProgram(given);
        const auto parsed = parseCommandLine(
            program, {"--root", "/r", "runs", "list", "--json", "--set", "a=1", "--set", "b=2"});
        QVERIFY(parsed);
        QCOMPARE(commandName(parsed->path), std::string("llamahome runs list"));
        QVERIFY(given.json);
        QCOMPARE(given.root.value_or(""), std::string("/r"));
        QCOMPARE(given.sets, (Words{"a=1", "b=2"}));
    }

    void valuesReachTheCommandAsTheyWereTyped() {
        Given given;
        const CommandSpec program = sampleProgram(given);
        QVERIFY(parseCommandLine(program, {"train", "smollm2", "135m", "--data", "a.jsonl", "b.jsonl",
                                           "--prompt", "[INST] {} -x [/INST]"}));
        QCOMPARE(given.model, (Words{"smollm2", "135m"}));
        QCOMPARE(given.data, (Words{"a.jsonl", "b.jsonl"}));
        QCOMPARE(given.prompt.value_or(""), std::string("[INST] {} -x [/INST]"));
    }

    void aValueMayLookLikeACommandOrAnOption() {
        Given given;
        const CommandSpec program = sampleProgram(given);
        QVERIFY(parseCommandLine(program, {"train", "import", "--prompt", "runs", "--data", "x"}));
        QCOMPARE(given.model, (Words{"import"}));
        QVERIFY(parseCommandLine(program, {"train", "--data", "x", "--prompt", "-1"}));
        QCOMPARE(given.prompt.value_or(""), std::string("-1"));
        QVERIFY(parseCommandLine(program, {"train", "--data", "x", "--prompt", ""}));
        QCOMPARE(given.prompt.value_or("unset"), std::string());
    }

    void theLastOfSeveralSingleValuesCounts() {
        Given given;
        const CommandSpec program = sampleProgram(given);
        QVERIFY(parseCommandLine(program, {"train", "--data", "x", "--prompt", "a", "--prompt=b"}));
        QCOMPARE(given.prompt.value_or(""), std::string("b"));
    }

    void aRequiredPositionalIsNotEatenByAnOption() {
        Given given;
        const CommandSpec program = sampleProgram(given);
        QVERIFY(parseCommandLine(program, {"import", "--as", "smollm2/135m", "file.gguf"}));
        QCOMPARE(given.path.value_or(""), std::string("file.gguf"));
        QCOMPARE(given.as, (Words{"smollm2/135m"}));
    }

    void failuresNameTheWordAndTheNearestKnownOne() {
        QCOMPARE(failureOf({"trian"}),
                 std::string("unknown command 'trian'; nearest is 'train'; see llamahome --help"));
        QCOMPARE(failureOf({"train", "--data", "x", "--promt=y"}),
                 std::string("train: unknown option '--promt=y'; nearest is '--prompt'; "
                             "see llamahome train --help"));
        QCOMPARE(failureOf({"train", "a", "b", "c", "--data", "x"}),
                 std::string("train: unexpected argument 'c'; see llamahome train --help"));
        QCOMPARE(failureOf({"train", "a"}),
                 std::string("train: --data is missing (data files); see llamahome train --help"));
        QVERIFY(failureOf({"train", "--data"}).find("--data") != std::string::npos);
        QCOMPARE(failureOf({"runs", "lst"}),
                 std::string("runs: unknown command 'lst'; nearest is 'list'; see llamahome runs --help"));
    }

    void helpIsAWishEvenWhereSomethingRequiredIsMissing() {
        Given given;
        const CommandSpec program = sampleProgram(given);
        const auto parsed = parseCommandLine(program, {"train", "--help"});
        QVERIFY(parsed && parsed->wish == ParsedCommandLine::Wish::Help);
        const std::string help = helpText(parsed->path, 80);
        for (const char* part :
             {"Usage: llamahome train [MODEL]", "--data FILE…", "Example:\n  llamahome train a b"})
            QVERIFY2(help.find(part) != std::string::npos, help.c_str());
    }

    void helpStaysWithinTheWidth() {
        Given given;
        CommandSpec program = sampleProgram(given);
        program.arguments.front().help =
            std::string(60, 'a') + " " + std::string(30, 'b') + " " + std::string(9, 'c');
        std::string help = helpText({&program}, 100);
        for (std::size_t at = 0; (at = help.find('\n')) != std::string::npos; help.erase(0, at + 1))
            QVERIFY2(displayWidth(help.substr(0, at)) <= 100, help.substr(0, at).c_str());
    }

    void completionOffersCommandsAndOptionsButNothingHidden() {
        Given given;
        const CommandSpec program = sampleProgram(given);
        for (const char* shell : {"bash", "zsh", "fish"}) {
            const auto script = completionScript(program, shell);
            QVERIFY(script);
            for (const char* word : {"train", "import", "prompt", "data"})
                QVERIFY2(script->find(word) != std::string::npos, word);
            QVERIFY(script->find("hidden") == std::string::npos);
        }
        const auto unknown = completionScript(program, "tcsh");
        QVERIFY(!unknown && unknown.error().code == codes::kUsage);
        QVERIFY(unknown.error().message.find("tcsh") != std::string::npos);
    }

    void widthCountsColumnsNotBytes() {
        QCOMPARE(displayWidth("abc"), std::size_t{3});
        QCOMPARE(displayWidth("größe"), std::size_t{5});
        QCOMPARE(displayWidth("e\xCC\x81"), std::size_t{1});
        QCOMPARE(displayWidth("日本"), std::size_t{4});
        QCOMPARE(displayWidth("🦙"), std::size_t{2});
        QCOMPARE(displayWidth("\xFF\xFE"), std::size_t{2});
        QCOMPARE(shortened("größenwahn", 6), std::string("größe…"));
        QCOMPARE(shortened("日本語", 4), std::string("日…"));
    }

    void controlCharactersLoseTheirPower() {
        QCOMPARE(withoutControls("a\x1b[2Jb\tc\n"), std::string("a\xEF\xBF\xBD[2Jb\tc\n"));
        QCOMPARE(oneLine("a\nb"), std::string("a b"));
        QCOMPARE(withoutControls("\xC2\x9B"
                                 "1m"),
                 std::string("\xEF\xBF\xBD"
                             "1m"));
    }

    void tablesAlignByColumnsTaken() {
        const Table table{{"name", "size"}, {{"日本", "1 B"}, {"abc", "12 MB"}}, {1}};
        QCOMPARE(table.text(), std::string("name   size\n日本    1 B\nabc   12 MB\n"));
    }

    // A file is no terminal: plain lines, the first after a second, then one in five seconds.
    void plainProgressComesAtMostEveryFiveSeconds() {
        const testing::TemporaryFolder folder;
        std::FILE* err = std::fopen((folder / "err").c_str(), "w");
        QVERIFY(err != nullptr);
        {
            Output output(stdout, err);
            SetClock clock;
            ProgressPrinter printer(output, clock);
            for (std::uint64_t done = 0; done <= 120; ++done) {
                clock.seconds = static_cast<double>(done) / 10.0;
                printer.show(Progress{"reading", done, 120, "rows"});
            }
        }
        std::fclose(err);
        QCOMPARE(*readFile(folder / "err"), std::string("reading 10 of 120 rows, 10 rows/s, 11 s left\n"
                                                        "reading 60 of 120 rows, 10 rows/s, 6.0 s left\n"
                                                        "reading 110 of 120 rows, 10 rows/s, 1.0 s left\n"));
    }

    // However long the whole job lasts, a phase of less than a second is not worth a line in a log.
    void aPhaseOfLessThanASecondHasNoPlainLine() {
        const testing::TemporaryFolder folder;
        std::FILE* err = std::fopen((folder / "err").c_str(), "w");
        QVERIFY(err != nullptr);
        {
            Output output(stdout, err);
            SetClock clock;
            ProgressPrinter printer(output, clock);
            for (const char* phase : {"copying", "hashing", "looking"}) {
                printer.show(Progress{phase, 0, 637, "bytes"});
                clock.seconds += 0.9;
                printer.show(Progress{phase, 637, 637, "bytes"});
                clock.seconds += 10.0;
            }
        }
        std::fclose(err);
        QCOMPARE(*readFile(folder / "err"), std::string());
    }

    void quietShowsNoProgressAndNoMessageButErrors() {
        const testing::TemporaryFolder folder;
        std::FILE* err = std::fopen((folder / "err").c_str(), "w");
        std::FILE* out = std::fopen((folder / "out").c_str(), "w");
        QVERIFY(err != nullptr && out != nullptr);
        {
            Output output(out, err);
            output.setQuiet(true);
            output.setJson(true);
            SetClock clock;
            ProgressPrinter(output, clock).show(Progress{"reading", 1, 2, "rows"});
            output.message("hello");
            output.line("text");
            output.error(Error{codes::kUsage, "what: found a\nb", "secret hf_abcdefghijklmnop"});
            QVERIFY(output.finish());
        }
        std::fclose(err);
        std::fclose(out);
        QCOMPARE(*readFile(folder / "err"), std::string("llamahome: what: found a b\n"));
        const auto json = readJsonFile(folder / "out");
        QVERIFY(json);
        QCOMPARE((*json)["error"]["code"].get<std::string>(), std::string("CLI-01"));
        QCOMPARE((*json)["error"]["detail"].get<std::string>(), std::string("secret hf_[redacted]"));
    }
};

QTEST_GUILESS_MAIN(TestCommandLine)
#include "test_command_line.moc"
