// The chat in the terminal, prompt files, and standard input, with an engine that answers by script.
#include <csignal>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QTest>

#include "app/commands/chat_loop.h"
#include "app/commands/message_json.h"
#include "app/commands/option_numbers.h"
#include "app/commands/prompt_list.h"
#include "app/signals.h"
#include "core/error_codes.h"
#include "support/fake_engine.h"
#include "support/temporary_folder.h"
#include "support/tiny_model.h"

using namespace llamahome;
using namespace llamahome::app;
using namespace llamahome::testing;

namespace {

/// A chat whose input is `lines`; what it says lies in files afterwards.
class Talk {
public:
    explicit Talk(bool json = false)
        : m_json(json) {
        writeTinyModel(m_folder / "tiny");
    }

    Result<void> run(const std::string& lines) {
        const auto opened = jobs::openModel(engine, systemFiles(), m_folder / "tiny", std::nullopt, {},
                                            CancelToken{}, ProgressSink{});
        if (!opened) return opened.error();
        ModelInUse use{jobs::ModelEntry{}, std::nullopt, std::move(const_cast<jobs::OpenModel&>(*opened))};
        if (auto written = writeFileAtomically(systemFiles(), m_folder / "in", lines); !written)
            return written;
        const int descriptor = ::open((m_folder / "in").c_str(), O_RDONLY);
        std::FILE* outFile = std::fopen((m_folder / "out").c_str(), "w");
        std::FILE* errFile = std::fopen((m_folder / "err").c_str(), "w");
        const auto done = [&] {
            Output output(outFile, errFile);
            output.setJson(m_json);
            Input input(descriptor);
            const GlobalOptions options;
            CommandContext context(options, output, input, CancelToken{});
            return ChatLoop(context, use, jobs::AnswerOptions{}, system).run();
        }();
        std::fclose(outFile);
        std::fclose(errFile);
        ::close(descriptor);
        return done;
    }

    std::string out() const { return *readFile(m_folder / "out"); }
    std::string err() const { return *readFile(m_folder / "err"); }
    std::string file(const std::string& name) const { return (m_folder / name).string(); }
    /// The text that the model saw for the n-th answer.
    std::string prompt(std::size_t n) const {
        const auto tokenizer = text::Tokenizer::load(m_folder / "tiny");
        return *tokenizer->decode(engine.history().prompts.at(n), false);
    }

    FakeEngine engine;
    std::string system;

private:
    TemporaryFolder m_folder;
    bool m_json;
};

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// What a child process does with signals that it sends itself: its exit code.
int exitCodeAfter(int signals) {
    const pid_t child = ::fork();
    if (child == 0) {
        const CancelToken token;
        const SignalScope scope(token);
        for (int i = 0; i < signals; ++i)
            ::raise(SIGINT);
        ::_exit(token.isCancelled() ? 4 : 0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

class TestConversation final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyLineIsAnsweredAndRemembered() {
        Talk talk;
        talk.engine.script().answer = "Aye.";
        QVERIFY(talk.run("One\n\nTwo\n"));
        QCOMPARE(talk.out(), std::string("Aye.\nAye.\n"));
        QVERIFY(contains(talk.prompt(0), "One") && !contains(talk.prompt(0), "Aye."));
        QVERIFY2(contains(talk.prompt(1), "One") && contains(talk.prompt(1), "Aye.") &&
                     contains(talk.prompt(1), "Two"),
                 talk.prompt(1).c_str());
    }

    void resetForgetsAndSystemStartsAnew() {
        Talk talk;
        talk.system = "Old rule";
        QVERIFY(talk.run("One\n/reset\nTwo\n/system New rule\nThree\n"));
        QVERIFY(contains(talk.prompt(0), "Old rule"));
        QVERIFY(contains(talk.prompt(1), "Old rule") && !contains(talk.prompt(1), "One"));
        QVERIFY2(contains(talk.prompt(2), "New rule") && !contains(talk.prompt(2), "Two"),
                 talk.prompt(2).c_str());
    }

    void exitLeavesAtOnceAndUnknownCommandsAreExplained() {
        Talk talk;
        QVERIFY(talk.run("/foo\n//bar\n/exit\nnever\n"));
        QVERIFY(contains(talk.err(), "There is no /foo.") && contains(talk.err(), "/save FILE"));
        QCOMPARE(talk.engine.history().prompts.size(), std::size_t{1});
        QVERIFY(contains(talk.prompt(0), "/bar") && !contains(talk.prompt(0), "//bar"));
    }

    void saveWritesTrainingDataAndNeverOverAFile() {
        Talk talk;
        talk.engine.script().answer = "Aye.";
        QVERIFY(talk.run("One\n/save " + talk.file("talk.jsonl") + "\n/save " +
                         talk.file("tiny/config.json") + "\n"));
        const auto saved = readJsonFile(talk.file("talk.jsonl"));
        QVERIFY(saved);
        QCOMPARE((*saved)["messages"][0]["content"].get<std::string>(), std::string("One"));
        QCOMPARE((*saved)["messages"][1]["content"].get<std::string>(), std::string("Aye."));
        QVERIFY(contains(talk.err(), "is there already"));
        QVERIFY(contains(*readFile(talk.file("tiny/config.json")), "hidden_size"));
    }

    void underJsonEveryAnswerIsOneLine() {
        Talk talk(true);
        talk.engine.script().answer = "Aye.";
        QVERIFY(talk.run("One\nTwo\n"));
        const std::string out = talk.out();
        QCOMPARE(std::count(out.begin(), out.end(), '\n'), std::ptrdiff_t{2});
        const auto first = parseJson(out.substr(0, out.find('\n')), "line");
        QVERIFY2(first, out.c_str());
        QCOMPARE((*first)["text"].get<std::string>(), std::string("Aye."));
        QVERIFY((*first)["token_ids"].is_array() && (*first).contains("finish_reason"));
    }

    void anEngineFailureEndsTheTalkWithItsError() {
        Talk talk;
        talk.engine.script().failsToGenerate = true;
        QVERIFY(!talk.run("One\nTwo\n"));
    }

    void promptFilesHaveOnePromptALine() {
        const TemporaryFolder folder;
        QVERIFY(writeFileAtomically(systemFiles(), folder / "a.txt", "One\r\n\n  \n{\"prompt\": 1}\n"));
        const auto plain = readPrompts(folder / "a.txt");
        QVERIFY(plain);
        QCOMPARE(plain->size(), std::size_t{2});
        QCOMPARE((*plain)[0].text, std::string("One"));
        QCOMPARE((*plain)[1].text, std::string("{\"prompt\": 1}"));
        QVERIFY(writeFileAtomically(
            systemFiles(), folder / "b.jsonl",
            "\"One\"\n{\"prompt\":\"Two\"}\n{\"messages\":[{\"role\":\"user\",\"content\":\"Three\"}]}\n"));
        const auto json = readPrompts(folder / "b.jsonl");
        QVERIFY(json);
        QCOMPARE((*json)[1].text, std::string("Two"));
        QCOMPARE((*json)[2].messages.front().content, std::string("Three"));
    }

    void badPromptFilesNameFileAndLine() {
        const TemporaryFolder folder;
        QVERIFY(writeFileAtomically(systemFiles(), folder / "b.jsonl", "\"One\"\n{\"prompt\":3}\n"));
        const auto wrong = readPrompts(folder / "b.jsonl");
        QVERIFY(!wrong && wrong.error().code == codes::kJsonShape);
        QVERIFY2(contains(wrong.error().message, "b.jsonl:2") && contains(wrong.error().message, "number"),
                 wrong.error().message.c_str());
        QVERIFY(writeFileAtomically(systemFiles(), folder / "c.txt", "\n\n"));
        const auto empty = readPrompts(folder / "c.txt");
        QVERIFY(!empty && empty.error().code == codes::kNoPrompt);
        QVERIFY(readPrompts(folder / "nowhere").error().code == codes::kFileNotFound);
    }

    void messagesNameWhatIsWrong() {
        for (const char* text : {"3", "[]", "{}", "{\"messages\":[]}", "[3]", "[{\"role\":\"user\"}]"}) {
            const auto json = parseJson(text, "input");
            QVERIFY(json);
            const auto messages = messagesOf(*json, "standard input");
            QVERIFY2(!messages && contains(messages.error().message, "standard input"), text);
        }
    }

    void countsAreWholeNumbersInTheirRange() {
        QCOMPARE(*countOption("--steps", std::nullopt, 5, 1, 10), 5);
        QCOMPARE(*countOption("--steps", "10", 5, 1, 10), 10);
        for (const char* text : {"0", "11", "3.0", "x", "", "3 ", "99999999999"}) {
            const auto wrong = countOption("--steps", text, 5, 1, 10);
            QVERIFY2(!wrong && wrong.error().code == codes::kUsage, text);
            QVERIFY(contains(wrong.error().message, "--steps") &&
                    contains(wrong.error().message, "from 1 to 10"));
        }
    }

    void inputGivesLinesWithoutTheirEnds() {
        const TemporaryFolder folder;
        QVERIFY(writeFileAtomically(systemFiles(), folder / "in", "one\r\n\ntwo"));
        const int descriptor = ::open((folder / "in").c_str(), O_RDONLY);
        Input input(descriptor);
        std::vector<std::string> lines;
        for (std::string line; *input.readLine(line) == Input::Status::Line;)
            lines.push_back(line);
        ::close(descriptor);
        QCOMPARE(lines, (std::vector<std::string>{"one", "", "two"}));
    }

    void oneSignalCancelsAndTheSecondEndsTheProgram() {
        QCOMPARE(exitCodeAfter(0), 0);
        QCOMPARE(exitCodeAfter(1), 4);
        QCOMPARE(exitCodeAfter(2), 130);
    }

    void anInnerScopeKeepsItsSignalToItself() {
        const CancelToken outer;
        const SignalScope outerScope(outer);
        {
            const CancelToken inner;
            const SignalScope innerScope(inner);
            ::raise(SIGINT);
            QVERIFY(inner.isCancelled());
            QCOMPARE(SignalScope::received(), SIGINT);
            QCOMPARE(SignalScope::take(), SIGINT);
            QCOMPARE(SignalScope::received(), 0);
        }
        QVERIFY(!outer.isCancelled());
        QCOMPARE(SignalScope::received(), 0);
    }
};

QTEST_GUILESS_MAIN(TestConversation)
#include "test_conversation.moc"
