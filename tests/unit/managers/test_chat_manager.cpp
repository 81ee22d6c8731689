// Conversations over the fake engine, on the threads of the window.
#include <algorithm>
#include <atomic>
#include <fstream>
#include <memory>
#include <mutex>

#include <QSignalSpy>
#include <QTest>

#include "core/error_codes.h"
#include "core/log.h"
#include "managers/chat_manager.h"
#include "managers/model_manager.h"
#include "managers/settings_manager.h"
#include "managers/text.h"
#include "support/fault_file_layer.h"
#include "support/manager_ground.h"
#include "support/step_gate.h"
#include "support/trained_run.h"
#include "text/tokenizer.h"

using namespace llamahome;
using namespace llamahome::testing;
using managers::ChatManager;
using managers::toQt;
namespace fs = std::filesystem;

namespace {

const QString kModel = QStringLiteral("smollm2/135m-instruct");
const std::string kAnswer = "the answer #### 7";

/// File layer that can run out of space for chats while the rest goes on.
class FillingFiles final : public FileLayer {
public:
    std::atomic<bool> isFull = false;

    Result<std::unique_ptr<WritableFile>> createNew(const fs::path& path) override {
        if (isFull && path.string().find("chats") != std::string::npos)
            return Error{codes::kDiskFull, "cannot write " + path.string() + ": no space left; free some"};
        return m_real.createNew(path);
    }
    Result<std::unique_ptr<WritableFile>> openAppend(const fs::path& path) override {
        return m_real.openAppend(path);
    }
    Result<void> rename(const fs::path& from, const fs::path& to) override { return m_real.rename(from, to); }
    Result<bool> exchange(const fs::path& one, const fs::path& other) override {
        return m_real.exchange(one, other);
    }
    Result<void> remove(const fs::path& path) override { return m_real.remove(path); }
    Result<void> makeDirectory(const fs::path& path) override { return m_real.makeDirectory(path); }
    Result<void> makeDirectories(const fs::path& path) override { return m_real.makeDirectories(path); }
    Result<void> syncDirectory(const fs::path& path) override { return m_real.syncDirectory(path); }
    Result<void> symlink(const fs::path& target, const fs::path& link) override {
        return m_real.symlink(target, link);
    }

    std::vector<std::string> violations() const { return m_real.violations(); }

private:
    GuiGuardFiles m_real;
};

/// The program's log, for as long as it lives.
class KeptLog final {
public:
    KeptLog() { setLogSink(m_sink); }
    ~KeptLog() { setLogSink(nullptr); }

    std::size_t countOf(const std::string& part) const {
        const std::lock_guard guard(m_sink->guard);
        return static_cast<std::size_t>(
            std::count_if(m_sink->lines.begin(), m_sink->lines.end(),
                          [&](const std::string& line) { return line.find(part) != std::string::npos; }));
    }

private:
    struct Sink final : LogSink {
        std::mutex guard;
        std::vector<std::string> lines;

        void write(LogLevel, std::string_view, std::string_view message) override {
            const std::lock_guard held(guard);
            lines.emplace_back(message);
        }
    };

    std::shared_ptr<Sink> m_sink = std::make_shared<Sink>();
};

struct Ground {
    ManagerGround ground;
    FillingFiles files;
    StepGate tokens; ///< holds before a token of an answer, counted from 1
    std::unique_ptr<managers::ManagerContext> context;
    std::unique_ptr<managers::SettingsManager> settings;
    std::unique_ptr<managers::ModelManager> models;
    std::unique_ptr<ChatManager> chat;
    QString adapter;

    explicit Ground(bool hasAdapter = false) {
        ground.install();
        if (hasAdapter) adapter = toQt(trainRun(ground).adapterName);
        ground.engine.script().beforeToken = [this](std::size_t n) {
            tokens.pass(static_cast<std::int64_t>(n) + 1);
        };
        start();
    }
    ~Ground() {
        close();
        if (!files.violations().empty()) qFatal("on the GUI thread: %s", files.violations().front().c_str());
    }

    void start() {
        managers::Workspace workspace = ground.workspace();
        workspace.files = &files;
        context = std::make_unique<managers::ManagerContext>(std::move(workspace));
        settings = std::make_unique<managers::SettingsManager>(*context);
        models = std::make_unique<managers::ModelManager>(*context);
        chat = std::make_unique<ChatManager>(*context, *models, *settings);
        if (!wait([this] { return models->isListed() && settings->isRead() && chat->isListed(); }))
            qFatal("nothing is listed");
        if (!wait([this] { return toQt(chat->current().model) == kModel; })) qFatal("no model is chosen");
    }
    void close() {
        tokens.open();
        chat.reset();
        models.reset();
        settings.reset();
        context.reset();
    }

    static bool wait(const std::function<bool()>& condition) {
        return QTest::qWaitFor(condition, kPatienceMs);
    }
    bool awaitIdle() const {
        return wait([this] { return !chat->isBusy(); });
    }
    bool ask(const char* text) const { return chat->send(QString::fromUtf8(text)) && awaitIdle(); }
    bool awaitKept(std::size_t conversations) const {
        return wait([&] { return jobs::listConversations({ground.root()}).size() == conversations; });
    }
    const std::vector<jobs::ConversationMessage>& messages() const { return chat->current().messages; }
    const FakeHistory& history() const { return ground.engine.history(); }
    /// What the model was told last.
    std::string lastPrompt() const {
        const auto tokenizer = text::Tokenizer::load(ground.installed());
        return *tokenizer->decode(history().prompts.back(), false);
    }
    fs::path chats() const { return ground.root() / "data/chats"; }
};

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace

class TestChatManager final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aMessageIsAnsweredAndKept() {
        const Ground ground;
        QSignalSpy grew(ground.chat.get(), &ChatManager::answerGrew);
        QVERIFY(ground.ask("What is LoRA?"));
        QCOMPARE(ground.messages().size(), std::size_t{2});
        QCOMPARE(ground.messages()[1].content, kAnswer);
        QCOMPARE(ground.messages()[1].finish, std::string("stop"));
        QCOMPARE(ground.messages()[1].tokens, kAnswer.size());
        QString streamed;
        for (const auto& piece : grew)
            streamed += piece.front().toString();
        QCOMPARE(streamed, toQt(kAnswer));
        QVERIFY(ground.awaitKept(1));
        QTRY_VERIFY(
            jobs::readConversation({ground.ground.root()}, ground.chat->current().id)->messages.size() == 2);
        QCOMPARE(ground.chat->conversations().front().title, std::string("What is LoRA?"));
        QVERIFY(ground.chat->figures().tokensPerSecond > 0.0);
        QVERIFY(ground.chat->figures().usedTokens > kAnswer.size());
        QCOMPARE(ground.chat->figures().contextTokens, std::uint64_t{512}); // the tiny model's own
    }

    void theModelStaysLoadedAndHearsTheWholeConversation() {
        const Ground ground;
        ground.chat->setSystem(QStringLiteral("Be brief."));
        QVERIFY(ground.ask("One?"));
        QVERIFY(ground.chat->isModelLoaded());
        QVERIFY(ground.ask("Two?"));
        QCOMPARE(ground.history().loads, 1);
        const std::string prompt = ground.lastPrompt();
        QVERIFY2(contains(prompt, "Be brief.") && contains(prompt, "One?") && contains(prompt, kAnswer) &&
                     contains(prompt, "Two?"),
                 prompt.c_str());
    }

    void piecesComeInWholeCharacters() {
        Ground ground;
        ground.ground.engine.script().answer = "na\xc3\xafve \xf0\x9f\xa6\x99";
        ground.tokens.holdBefore(3); // within a character
        QVERIFY(ground.chat->send(QStringLiteral("hello")));
        QVERIFY(Ground::wait([&] { return ground.tokens.isReached(); }));
        QTRY_VERIFY(!ground.chat->partialAnswer().isEmpty());
        QVERIFY(!ground.chat->partialAnswer().contains(QChar::ReplacementCharacter));
        ground.tokens.open();
        QVERIFY(ground.awaitIdle());
        QCOMPARE(ground.messages()[1].content, ground.ground.engine.script().answer);
    }

    void aStoppedAnswerIsKeptAsFarAsItCameAndMarked() {
        Ground ground;
        ground.tokens.holdBefore(5);
        QVERIFY(ground.chat->send(QStringLiteral("hello")));
        QVERIFY(Ground::wait([&] { return ground.tokens.isReached(); }));
        QTRY_VERIFY(ground.chat->state() == ChatManager::State::Answering);
        ground.chat->stop();
        QVERIFY(ground.chat->state() == ChatManager::State::Stopping);
        ground.tokens.open();
        QVERIFY(ground.awaitIdle());
        QCOMPARE(ground.messages().size(), std::size_t{2});
        QCOMPARE(ground.messages()[1].finish, std::string("cancelled"));
        QVERIFY(kAnswer.starts_with(ground.messages()[1].content));
        QVERIFY(ground.messages()[1].content.size() < kAnswer.size());
    }

    void onlyOneAnswerAtATime() {
        Ground ground;
        ground.tokens.holdBefore(1);
        QVERIFY(ground.chat->send(QStringLiteral("hello")));
        QVERIFY(!ground.chat->send(QStringLiteral("again")));
        QVERIFY(!ground.chat->regenerate());
        ground.tokens.open();
        QVERIFY(ground.awaitIdle());
        QCOMPARE(ground.messages().size(), std::size_t{2});
        QVERIFY(!ground.chat->send(QStringLiteral(" \n ")));
    }

    void answeringAgainReplacesTheAnswerWithAnotherSeed() {
        Ground ground;
        QVERIFY(ground.ask("hello"));
        ground.ground.engine.script().answer = "another";
        QVERIFY(ground.chat->regenerate());
        QVERIFY(ground.awaitIdle());
        QCOMPARE(ground.messages().size(), std::size_t{2});
        QCOMPARE(ground.messages()[1].content, std::string("another"));
        const auto& made = ground.history().generations;
        QVERIFY(made[0].seed != made[1].seed);
    }

    void editingCutsTheConversationThere() {
        const Ground ground;
        QVERIFY(ground.ask("one"));
        QVERIFY(ground.ask("two"));
        QVERIFY(!ground.chat->editAndResend(1, QStringLiteral("no user's message")));
        QVERIFY(!ground.chat->editAndResend(7, QStringLiteral("none")));
        QSignalSpy changed(ground.chat.get(), &ChatManager::messagesChanged);
        QVERIFY(ground.chat->editAndResend(0, QStringLiteral("three")));
        QCOMPARE(changed.front().front().toInt(), 0);
        QVERIFY(ground.awaitIdle());
        QCOMPARE(ground.messages().size(), std::size_t{2});
        QCOMPARE(ground.messages()[0].content, std::string("three"));
        QVERIFY(!contains(ground.lastPrompt(), "two"));
    }

    void withoutAnAnswerTheConversationIsAsBefore() {
        Ground ground;
        QSignalSpy failed(ground.chat.get(), &ChatManager::answerFailed);
        ground.ground.engine.script().failsToGenerate = true;
        QVERIFY(ground.ask("hello"));
        QCOMPARE(failed.size(), 1);
        QCOMPARE(failed.front()[1].toString(), QStringLiteral("hello"));
        QVERIFY(ground.messages().empty());
        QVERIFY(ground.chat->conversations().empty());
        QVERIFY(ground.awaitKept(0));

        ground.ground.engine.script().failsToGenerate = false;
        QVERIFY(ground.ask("hello"));
        ground.ground.engine.script().failsToGenerate = true;
        QVERIFY(ground.chat->regenerate());
        QVERIFY(ground.awaitIdle());
        QCOMPARE(ground.messages().size(), std::size_t{2});
        QCOMPARE(ground.messages()[1].content, kAnswer);
    }

    void aMessageThatDoesNotFitIsToldInWords() {
        const Ground ground;
        QSignalSpy failed(ground.chat.get(), &ChatManager::answerFailed);
        QVERIFY(ground.ask(std::string(2000, 'x').c_str()));
        const auto error = failed.front().front().value<Error>();
        QVERIFY(error.code == codes::kContextFull);
        QVERIFY(contains(error.message, "the context holds 512"));
    }

    void droppedTurnsAreCountedAndStayInTheConversation() {
        const Ground ground;
        config::GenerationSettings sampling = ground.chat->current().sampling;
        sampling.max_new_tokens = 60;
        ground.chat->setSampling(sampling);
        for (int i = 0; i < 4; ++i)
            QVERIFY(ground.ask(std::string(90, static_cast<char>('a' + i)).c_str()));
        QVERIFY(ground.chat->figures().droppedMessages >= 2);
        QCOMPARE(ground.messages().size(), std::size_t{8});
        QVERIFY(!contains(ground.lastPrompt(), "aaaa"));
    }

    void theScaleOfAnAdapterChangesWithoutLoading() {
        const Ground ground(true);
        ground.chat->setAdapter(ground.adapter);
        QVERIFY(ground.ask("one"));
        const int loads = ground.history().loads;
        const int adapters = ground.history().adapters;
        ground.chat->setAdapterScale(0.25);
        QVERIFY(ground.ask("two"));
        ground.chat->setAdapter({});
        QVERIFY(ground.ask("three"));
        QCOMPARE(ground.history().loads, loads);
        QCOMPARE(ground.history().adapters, adapters);
        const auto& scales = ground.history().scales;
        QVERIFY(std::vector<double>(scales.end() - 3, scales.end()) == (std::vector<double>{1.0, 0.25, 0.0}));
    }

    void anAdapterLeadsToItsBase() {
        const Ground ground(true);
        QTRY_VERIFY(ground.chat->fits(ground.adapter, kModel));
        QTRY_VERIFY(!ground.chat->fits(ground.adapter, QStringLiteral("other/model")));
        ground.chat->setModel(QStringLiteral("other/model"));
        ground.chat->startWith({}, ground.adapter);
        QCOMPARE(toQt(ground.chat->current().model), kModel);
        QCOMPARE(toQt(ground.chat->current().adapter), ground.adapter);
    }

    void trainingTakesTheEngineAndFreesTheModel() {
        const Ground ground;
        QVERIFY(ground.ask("one"));
        QCOMPARE(ground.history().living, 1);
        managers::Job& training = ground.context->jobs.start(managers::JobKind::Train, QStringLiteral("run"));
        QVERIFY(ground.chat->isEngineTaken());
        QTRY_VERIFY(!ground.chat->isModelLoaded());
        QCOMPARE(ground.history().living, 0);
        QVERIFY(!ground.chat->send(QStringLiteral("two")));
        QSignalSpy changed(ground.chat.get(), &ChatManager::stateChanged);
        training.finish({});
        QVERIFY(!changed.isEmpty());
        QVERIFY(ground.ask("two"));
        QCOMPARE(ground.history().loads, 2);
    }

    void anIdleModelIsFreed() {
        const Ground ground;
        ground.chat->setIdleTime(std::chrono::milliseconds(1));
        QVERIFY(ground.ask("one"));
        QTRY_VERIFY(!ground.chat->isModelLoaded());
        QCOMPARE(ground.history().living, 0);
    }

    void loadingIsAJobWithACommand() {
        const Ground ground;
        QSignalSpy started(&ground.context->jobs, &managers::JobList::jobStarted);
        ground.chat->setAdapterScale(1.0);
        config::GenerationSettings sampling = ground.chat->current().sampling;
        sampling.temperature = 0.2;
        ground.chat->setSampling(sampling);
        QVERIFY(ground.chat->send(QStringLiteral("hello")));
        QCOMPARE(started.size(), 1);
        const auto* job = ground.chat->job();
        QCOMPARE(job->kind(), managers::JobKind::Chat);
        const QString command = job->commandLine();
        QVERIFY2(command.contains(QStringLiteral("chat smollm2 135m-instruct")), qPrintable(command));
        QVERIFY2(command.contains(QStringLiteral("--set model.generation.temperature=0.2")),
                 qPrintable(command));
        QVERIFY2(command.contains(QStringLiteral("--root ")), qPrintable(command));
        QVERIFY(ground.awaitIdle());
    }

    void conversationsSurviveTheProgram() {
        Ground ground;
        ground.chat->setSystem(QStringLiteral("Be brief."));
        QVERIFY(ground.ask("first"));
        const QString id = toQt(ground.chat->current().id);
        QVERIFY(ground.awaitKept(1));
        ground.close();
        ground.start();
        QCOMPARE(ground.chat->conversations().size(), std::size_t{1});
        QVERIFY(ground.messages().empty());
        QSignalSpy opened(ground.chat.get(), &ChatManager::conversationOpened);
        ground.chat->openConversation(id);
        QTRY_COMPARE(opened.size(), 1);
        QCOMPARE(ground.messages().size(), std::size_t{2});
        QCOMPARE(ground.chat->current().system, std::string("Be brief."));
        QVERIFY(ground.ask("second"));
        QVERIFY(contains(ground.lastPrompt(), "first"));
    }

    void anAnswerCutOffByTheEndOfTheProgramIsKept() {
        Ground ground;
        QVERIFY(ground.ask("first"));
        const std::string id = ground.chat->current().id;
        ground.tokens.holdBefore(6);
        QVERIFY(ground.chat->send(QStringLiteral("second")));
        QVERIFY(Ground::wait([&] { return ground.tokens.isReached(); }));
        QTRY_VERIFY(!ground.chat->partialAnswer().isEmpty());
        ground.close();
        const auto kept = jobs::readConversation({ground.ground.root()}, id);
        QVERIFY2(kept, kept ? "" : kept.error().message.c_str());
        QCOMPARE(kept->messages.size(), std::size_t{4});
        QCOMPARE(kept->messages[3].finish, std::string("cancelled"));
    }

    void anAnswerGoesOnWhileAnotherConversationIsShown() {
        Ground ground;
        QVERIFY(ground.ask("first"));
        const QString first = toQt(ground.chat->current().id);
        ground.tokens.holdBefore(4);
        QVERIFY(ground.chat->send(QStringLiteral("second")));
        QVERIFY(Ground::wait([&] { return ground.tokens.isReached(); }));
        ground.chat->startConversation();
        QVERIFY(!ground.chat->isAnsweringHere());
        QVERIFY(ground.chat->isBusy());
        QVERIFY(ground.messages().empty());
        ground.chat->openConversation(first);
        QVERIFY(ground.chat->isAnsweringHere());
        ground.chat->startConversation();
        ground.tokens.open();
        QVERIFY(ground.awaitIdle());
        QVERIFY(ground.messages().empty());
        ground.chat->openConversation(first);
        QTRY_COMPARE(ground.messages().size(), std::size_t{4});
        QCOMPARE(ground.messages()[3].content, kAnswer);
    }

    void renamingAndDeletingAndUndo() {
        const Ground ground;
        QVERIFY(ground.ask("first"));
        const QString id = toQt(ground.chat->current().id);
        ground.chat->startConversation();
        ground.chat->renameConversation(id, QStringLiteral("  My talk\n"));
        QTRY_COMPARE(ground.chat->conversations().front().title, std::string("My talk"));
        QSignalSpy removed(ground.chat.get(), &ChatManager::conversationRemoved);
        ground.chat->removeConversation(id);
        QVERIFY(ground.chat->conversations().empty());
        QTRY_COMPARE(removed.size(), 1);
        QCOMPARE(removed.front()[0].toString(), QStringLiteral("My talk"));
        QVERIFY(removed.front()[1].toBool());
        QVERIFY(fs::is_empty(ground.chats()));
        ground.chat->undoRemove();
        QTRY_COMPARE(ground.messages().size(), std::size_t{2});
        QTRY_COMPARE(ground.chat->conversations().size(), std::size_t{1});
        QCOMPARE(toQt(ground.chat->current().id), id);
    }

    void deletingWhatIsBeingAnsweredStopsItForGood() {
        Ground ground;
        ground.tokens.holdBefore(4);
        QVERIFY(ground.chat->send(QStringLiteral("hello")));
        QVERIFY(Ground::wait([&] { return ground.tokens.isReached(); }));
        QSignalSpy removed(ground.chat.get(), &ChatManager::conversationRemoved);
        ground.chat->removeConversation(toQt(ground.chat->current().id));
        QTRY_COMPARE(removed.size(), 1);
        ground.tokens.open();
        QVERIFY(ground.awaitIdle());
        QVERIFY(ground.messages().empty());
        ground.close();
        QVERIFY(fs::is_empty(ground.chats()));
    }

    void aFullDiskIsToldAndTheChatGoesOn() {
        Ground ground;
        ground.files.isFull = true;
        QVERIFY(ground.ask("one"));
        QTRY_VERIFY(ground.chat->keepProblem());
        QVERIFY(ground.chat->keepProblem()->code == codes::kDiskFull);
        QVERIFY(ground.ask("two"));
        QCOMPARE(ground.messages().size(), std::size_t{4});
        const QString id = toQt(ground.chat->current().id);
        ground.chat->startConversation(); // what is not on the disk is not lost while the program runs
        ground.chat->refresh();
        ground.chat->openConversation(id);
        QTRY_COMPARE(ground.messages().size(), std::size_t{4});
        QVERIFY(ground.awaitKept(0));
        ground.files.isFull = false;
        ground.chat->keepAgain();
        QVERIFY(ground.awaitKept(1));
        QTRY_VERIFY(!ground.chat->keepProblem());
    }

    void aConversationThatIsNoLongerShownAndCannotBeKeptIsTold() {
        Ground ground;
        const KeptLog log;
        ground.files.isFull = true;
        QVERIFY(ground.ask("one"));
        const std::string id = ground.chat->current().id;
        QSignalSpy failed(ground.chat.get(), &ChatManager::failed);
        ground.chat->startConversation();
        ground.chat->keepAgain();
        QTRY_COMPARE(failed.size(), 1);
        const auto error = failed.front().front().value<Error>();
        QVERIFY(error.code == codes::kDiskFull);
        QVERIFY2(contains(error.message, "“one” is not being kept: cannot write"), error.message.c_str());
        QVERIFY(ground.ask("two")); // tells of its own trouble, not again of the other's
        QTRY_VERIFY(ground.chat->keepProblem());
        QCOMPARE(failed.size(), 1);
        const std::string line = "the conversation " + id + " is not kept: cannot write";
        QVERIFY(log.countOf(line) > 0);
    }

    void aConversationThatIsLostAtTheEndIsLogged() {
        Ground ground;
        const KeptLog log;
        QVERIFY(ground.ask("one"));
        QVERIFY(ground.awaitKept(1));
        const std::string line =
            "the conversation " + ground.chat->current().id + " is not kept: cannot write";
        ground.files.isFull = true;
        ground.chat->setSystem(QStringLiteral("Be brief.")); // is written a while later
        ground.close();
        QVERIFY(log.countOf(line) > 0);
    }

    void aNewTitleStaysWhileTheConversationCannotBeKept() {
        Ground ground;
        ground.files.isFull = true;
        QVERIFY(ground.ask("one"));
        const QString id = toQt(ground.chat->current().id);
        ground.chat->startConversation();
        ground.chat->renameConversation(id, QStringLiteral("My talk"));
        QTRY_COMPARE(ground.chat->conversations().front().title, std::string("My talk"));
        ground.files.isFull = false;
        ground.chat->renameConversation(id, QStringLiteral("Our talk"));
        QTRY_COMPARE(ground.chat->conversations().front().title, std::string("Our talk"));
        ground.chat->openConversation(id);
        QTRY_COMPARE(ground.chat->current().title, std::string("Our talk"));
        ground.close(); // writes what waits
        const auto kept = jobs::readConversation({ground.ground.root()}, managers::fromQt(id));
        QVERIFY2(kept, kept ? "" : kept.error().message.c_str());
        QCOMPARE(kept->title, std::string("Our talk"));
        QCOMPARE(kept->messages.size(), std::size_t{2});
    }

    void aDamagedConversationIsToldAndTheOthersOpen() {
        Ground ground;
        QVERIFY(ground.ask("one"));
        QVERIFY(ground.awaitKept(1));
        std::ofstream(ground.chats() / "bad.json") << "{";
        ground.chat->refresh();
        QTRY_COMPARE(ground.chat->conversations().size(), std::size_t{2});
        QSignalSpy failed(ground.chat.get(), &ChatManager::failed);
        ground.chat->openConversation(QStringLiteral("bad"));
        QTRY_COMPARE(failed.size(), 1);
        QVERIFY(failed.front().front().value<Error>().code == codes::kChatDamaged);
        QCOMPARE(ground.messages().size(), std::size_t{2});
    }

    void aModelThatFailsToLoadLeavesNothingBehind() {
        Ground ground;
        ground.ground.engine.script().failsToLoad = true;
        QSignalSpy failed(ground.chat.get(), &ChatManager::answerFailed);
        QVERIFY(ground.ask("one"));
        QVERIFY(failed.front().front().value<Error>().code == codes::kModelTensors);
        QVERIFY(!ground.chat->isModelLoaded());
        ground.chat->setModel(QStringLiteral("llama/3.2-1b"));
        QVERIFY(ground.ask("one"));
        const auto code = failed.back().front().value<Error>().code;
        QVERIFY(code == codes::kModelNotInstalled || code == codes::kModelTooLarge);
    }

    void presetsAreFoundAgain() {
        config::GenerationSettings sampling;
        sampling.seed = 9;
        sampling.max_new_tokens = 33;
        for (const managers::SamplingPreset preset : managers::samplingPresets()) {
            sampling = managers::withPreset(sampling, preset);
            QVERIFY(managers::presetOf(sampling) == preset);
        }
        QCOMPARE(sampling.seed, std::int64_t{9});
        QCOMPARE(sampling.max_new_tokens, 33);
        sampling.temperature = 0.33;
        QVERIFY(!managers::presetOf(sampling));
        QVERIFY(managers::presetOf(config::GenerationSettings()) == managers::SamplingPreset::Balanced);
    }
};

QTEST_GUILESS_MAIN(TestChatManager)
#include "test_chat_manager.moc"
