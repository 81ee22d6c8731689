// Conversations that are kept, renamed and deleted, on the threads of the window.
#include <fstream>

#include <QSignalSpy>
#include <QTest>

#include "core/error_codes.h"
#include "support/chat_ground.h"

using namespace llamahome;
using namespace llamahome::testing;
using managers::ChatManager;
using managers::toQt;
using Ground = ChatGround;

class TestChatList final : public QObject {
    Q_OBJECT

private Q_SLOTS:
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
        const MayBlock here;
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

    void whatAnEditReplacedComesBackWhereItsAnswerEndsUnseen() {
        Ground ground;
        QVERIFY(ground.ask("first"));
        QVERIFY(ground.ask("second"));
        const QString id = toQt(ground.chat->current().id);
        ground.ground.engine.script().failsToGenerate = true;
        QVERIFY(ground.chat->editAndResend(0, QStringLiteral("changed")));
        ground.chat->startConversation(); // before the answer can have failed
        QVERIFY(ground.awaitIdle());
        ground.chat->openConversation(id);
        QTRY_COMPARE(ground.messages().size(), std::size_t{4});
        QCOMPARE(ground.messages()[0].content, std::string("first"));
        QCOMPARE(ground.messages()[2].content, std::string("second"));
    }

    void whatAnAnswerReplacedCanBeHadAgainUntilTheConversationChanges() {
        Ground ground;
        QVERIFY(ground.ask("first"));
        QVERIFY(ground.ask("second"));
        const auto before = ground.messages();
        const QString id = toQt(ground.chat->current().id);
        QVERIFY(ground.chat->replaced() == nullptr);
        QVERIFY(ground.chat->editAndResend(0, QStringLiteral("changed")));
        QVERIFY(ground.chat->replaced() == nullptr);
        QVERIFY(ground.awaitIdle());
        const auto after = ground.messages();
        QVERIFY(ground.chat->replaced() != nullptr);
        QCOMPARE(ground.chat->replaced()->count, 4);
        ground.chat->startConversation();
        QVERIFY(ground.chat->replaced() == nullptr);
        QVERIFY(ground.ask("elsewhere"));
        ground.chat->openConversation(id);
        QTRY_VERIFY(ground.chat->replaced() != nullptr);

        ground.chat->undoReplace();
        QVERIFY(ground.messages() == before);
        const auto kept = [&] {
            const MayBlock here;
            return jobs::readConversation({ground.ground.root()}, ground.chat->current().id);
        };
        QTRY_VERIFY(kept()->messages == before);
        ground.chat->undoReplace();
        QVERIFY(ground.messages() == after);
        ground.chat->undoReplace();

        ground.ground.engine.script().failsToGenerate = true;
        QVERIFY(ground.ask("third"));
        QVERIFY(ground.chat->replaced() != nullptr); // nothing changed
        ground.ground.engine.script().failsToGenerate = false;
        QVERIFY(ground.ask("third"));
        QVERIFY(ground.chat->replaced() == nullptr);
        QCOMPARE(ground.messages().size(), before.size() + 2);
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
        QVERIFY(std::filesystem::is_empty(ground.chats()));
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
        QVERIFY(std::filesystem::is_empty(ground.chats()));
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
        const MayBlock here;
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
};

QTEST_GUILESS_MAIN(TestChatList)
#include "test_chat_list.moc"
