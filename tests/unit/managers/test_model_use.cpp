// Removing a model that something works with: a training, an answer, a chat that holds it loaded.
#include <memory>

#include <QSignalSpy>
#include <QTest>

#include "core/error_codes.h"
#include "managers/chat_manager.h"
#include "support/run_ground.h"

using namespace llamahome;
using namespace llamahome::testing;
using managers::TrainingState;

namespace {

const QString kModel = QStringLiteral("smollm2/135m-instruct");

/// The plan of removing the model; ends the test where it is refused.
jobs::RemovalPlan planOf(RunGround& g) {
    QSignalSpy planned(g.models.get(), &managers::ModelManager::removalPlanned);
    g.models->planRemoval(kModel);
    if (!QTest::qWaitFor([&] { return !planned.isEmpty(); }, kPatienceMs)) qFatal("no plan came");
    return planned.front().at(1).value<jobs::RemovalPlan>();
}

/// Why no plan is made; ends the test where one is.
Error refusalOf(RunGround& g) {
    QSignalSpy refused(g.models.get(), &managers::ModelManager::removalRefused);
    g.models->planRemoval(kModel);
    if (!QTest::qWaitFor([&] { return !refused.isEmpty(); }, kPatienceMs)) qFatal("it was not refused");
    return refused.front().at(1).value<Error>();
}

/// Chat over the same managers; it goes before them.
struct Chat {
    explicit Chat(RunGround& g)
        : ground(g)
        , chat(std::make_unique<managers::ChatManager>(*g.context, *g.models, *g.settings)) {
        const auto isReady = [this] { return managers::toQt(chat->current().model) == kModel; };
        if (!QTest::qWaitFor(isReady, kPatienceMs)) qFatal("no model is chosen");
    }
    ~Chat() { ground.gate.open(); }

    RunGround& ground;
    std::unique_ptr<managers::ChatManager> chat;
};

} // namespace

class TestModelUse final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aModelThatTrainsIsNotRemovedAndTheRunIsNamed() {
        RunGround g;
        g.chooseShortRun();
        QVERIFY(g.comesTo(TrainingState::Ready));
        const jobs::RemovalPlan before = planOf(g);
        g.gate.holdBefore(3);
        g.training->start();
        QVERIFY(g.holds());
        const Error refusal = refusalOf(g);
        QVERIFY(refusal.code == codes::kRemoveRefused);
        for (const char* part : {"smollm2/135m-instruct", "questions.jsonl", "stop"})
            QVERIFY2(refusal.message.find(part) != std::string::npos, refusal.message.c_str());

        managers::Job* job = g.models->remove(before); // planned before the run began
        QTRY_VERIFY_WITH_TIMEOUT(!job->isActive(), kPatienceMs);
        QVERIFY(job->error() && job->error()->code == codes::kRemoveRefused);
        QVERIFY(std::filesystem::exists(g.ground.installed() / "model.safetensors"));
        g.gate.open();
        QVERIFY(g.comesTo(TrainingState::Done));
        QVERIFY(planOf(g).files.size() > 3);
    }

    void aContinuedRunHoldsItsModelToo() {
        RunGround g;
        g.chooseShortRun();
        QVERIFY(g.comesTo(TrainingState::Ready));
        g.gate.holdBefore(3);
        g.training->start();
        QVERIFY(g.holds());
        QVERIFY(g.comesTo(TrainingState::Running));
        g.training->pause();
        g.gate.open();
        QVERIFY(g.comesTo(TrainingState::Paused));
        QVERIFY(planOf(g).files.size() > 3);
        g.gate.holdBefore(4);
        g.training->resume(g.training->runName());
        QVERIFY(g.holds());
        QVERIFY(g.comesTo(TrainingState::Running));
        QVERIFY(refusalOf(g).code == codes::kRemoveRefused);
    }

    void aModelThatAnswersIsNotRemoved() {
        RunGround g;
        g.ground.engine.script().beforeToken = [&g](std::size_t) { g.gate.pass(1); };
        Chat chat(g);
        g.gate.holdBefore(1);
        QVERIFY(chat.chat->send(QStringLiteral("one")));
        QVERIFY(g.holds());
        QVERIFY(refusalOf(g).message.find("Chat with smollm2/135m-instruct") != std::string::npos);
    }

    void theChatLetsGoOfAModelThatIsRemoved() {
        RunGround g;
        Chat chat(g);
        QVERIFY(chat.chat->send(QStringLiteral("one")));
        QTRY_VERIFY_WITH_TIMEOUT(!chat.chat->isBusy(), kPatienceMs);
        QVERIFY(chat.chat->isModelLoaded());
        QSignalSpy begins(g.models.get(), &managers::ModelManager::removalBegins);
        const managers::Job* job = g.models->remove(planOf(g));
        QCOMPARE(begins.size(), 1);
        QTRY_VERIFY_WITH_TIMEOUT(!job->isActive(), kPatienceMs);
        QCOMPARE(job->state(), managers::JobState::Done);
        QTRY_VERIFY_WITH_TIMEOUT(!chat.chat->isModelLoaded(), kPatienceMs);
        QCOMPARE(g.ground.engine.history().living, 0);
        QVERIFY(!std::filesystem::exists(g.ground.installed() / "model.safetensors"));
    }
};

QTEST_GUILESS_MAIN(TestModelUse)
#include "test_model_use.moc"
