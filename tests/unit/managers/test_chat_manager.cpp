// Answers of the chat, on the threads of the window.

#include <QSignalSpy>
#include <QTest>

#include "core/error_codes.h"
#include "support/chat_ground.h"

using namespace llamahome;
using namespace llamahome::testing;
using managers::ChatManager;
using managers::toQt;
using Ground = ChatGround;

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
        const auto kept = [&] {
            const MayBlock here;
            return jobs::readConversation({ground.ground.root()}, ground.chat->current().id);
        };
        QTRY_VERIFY(kept()->messages.size() == 2);
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

    void anotherChatTemplateIsChosenForAConversation() {
        const Ground ground;
        ground.chat->setTemplate(QStringLiteral("alpaca"));
        QVERIFY(ground.ask("One?"));
        QVERIFY2(contains(ground.lastPrompt(), "### Instruction:\nOne?\n\n### Response:"),
                 ground.lastPrompt().c_str());
        QVERIFY(ground.chat->commandLine().contains(QStringLiteral("data.template=alpaca")));
        ground.chat->setTemplate({});
        QVERIFY(ground.ask("Two?"));
        QVERIFY(!contains(ground.lastPrompt(), "### Instruction:"));
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

    void theJobOfAnAnswerIsNoLongerLoadingOnceTheModelIsThere() {
        Ground ground;
        ground.tokens.holdBefore(2);
        QVERIFY(ground.chat->send(QStringLiteral("hello")));
        QVERIFY(Ground::wait([&] { return ground.tokens.isReached(); }));
        QTRY_VERIFY(ground.chat->state() == ChatManager::State::Answering);
        QCOMPARE(ground.chat->job()->progress().phase, std::string("answering"));
        QCOMPARE(ground.chat->job()->progress().total, std::uint64_t{0});
        ground.tokens.open();
        QVERIFY(ground.awaitIdle());
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

    void aBaseThatIsNotThereIsNamedAsTheAdapterNamesIt() {
        const Ground ground(true);
        ground.chat->setAdapter(ground.adapter);
        QTRY_VERIFY(!ground.chat->fits(ground.adapter, QStringLiteral("other/model")));
        QVERIFY(ground.chat->missingBase().isEmpty());
        const auto base = loseBase(ground.models->findAdapter(ground.adapter)->path);
        ground.chat->startConversation(); // with the same adapter
        QTRY_COMPARE(ground.chat->missingBase(), toQt(base));
        QVERIFY(ground.chat->fits(ground.adapter, QStringLiteral("other/model")));
        ground.chat->setAdapter({});
        QVERIFY(ground.chat->missingBase().isEmpty());
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
