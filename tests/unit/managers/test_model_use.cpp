// Removing a model that something works with: a training, an answer, a chat that holds it loaded; and
// beginning to work with one that is being removed.
#include <memory>

#include <QSignalSpy>
#include <QTest>

#include "core/error_codes.h"
#include "managers/chat_manager.h"
#include "support/run_ground.h"
#include "support/trained_run.h"

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

/// A thread, or all of a pool, that is busy until this lets it go.
class Busy {
public:
    explicit Busy(managers::TaskRunner& runner, int threads = 1) {
        m_gate->holdBefore(1);
        for (int i = 0; i < threads; ++i)
            runner.post([gate = m_gate] { gate->pass(1); });
    }
    ~Busy() { m_gate->open(); }

private:
    std::shared_ptr<StepGate> m_gate = std::make_shared<StepGate>();
};

bool tellsOfRemoval(const std::optional<Error>& error) {
    return error && error->code == codes::kModelNotInstalled &&
           error->message.find("smollm2/135m-instruct is being removed: ") != std::string::npos;
}

/// Starts the run of the form and pauses it before its third step.
bool isPaused(RunGround& g) {
    g.chooseShortRun();
    if (!g.comesTo(TrainingState::Ready)) return false;
    g.gate.holdBefore(3);
    g.training->start();
    if (!g.holds() || !g.comesTo(TrainingState::Running)) return false;
    g.training->pause();
    g.gate.open();
    return g.comesTo(TrainingState::Paused);
}

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
        QVERIFY(isPaused(g));
        QVERIFY(planOf(g).files.size() > 3);
        g.gate.holdBefore(4);
        g.training->resume(g.training->runName());
        QVERIFY(g.holds());
        QVERIFY(g.comesTo(TrainingState::Running));
        QVERIFY(refusalOf(g).code == codes::kRemoveRefused);
    }

    void aRunThatWaitsForTheEngineHoldsItsModelAlready() {
        RunGround g;
        QVERIFY(isPaused(g));
        const Busy engine(g.context->engine);
        g.training->resume(g.training->runName());
        QVERIFY(g.isIn(TrainingState::Starting));
        QVERIFY(refusalOf(g).code == codes::kRemoveRefused);
    }

    void aRunThatIsOnlyOnTheDiskHoldsItsModelToo() {
        RunGround g;
        QSignalSpy looked(g.training.get(), &managers::TrainingManager::unfinishedChanged);
        QTRY_VERIFY_WITH_TIMEOUT(!looked.isEmpty() && g.models->isListed(), kPatienceMs);
        trainRun(g.ground, {"older", 2e-4, 4}); // by a shell
        const Busy engine(g.context->engine);
        g.training->resume(QStringLiteral("older"));
        QVERIFY(g.comesTo(TrainingState::Starting));
        QVERIFY(refusalOf(g).code == codes::kRemoveRefused);
    }

    void aRunHoldsItsModelUnderAnotherSpellingOfTheRoot() {
        RunGround g;
        QVERIFY(isPaused(g));
        const QString run = g.training->runName();
        const std::filesystem::path link = g.ground.folder() / "other way";
        std::filesystem::create_directory_symlink(g.ground.root(), link);
        managers::Workspace workspace = g.context->workspace;
        workspace.root = {link};
        g.training.reset();
        g.models.reset();
        g.settings.reset();
        g.context = std::make_unique<managers::ManagerContext>(std::move(workspace));
        g.settings = std::make_unique<managers::SettingsManager>(*g.context);
        g.models = std::make_unique<managers::ModelManager>(*g.context);
        g.training = std::make_unique<managers::TrainingManager>(*g.context, *g.models, *g.settings);
        QTRY_VERIFY_WITH_TIMEOUT(g.training->unfinished() && g.models->isListed(), kPatienceMs);
        g.gate.holdBefore(4);
        g.training->resume(run);
        QVERIFY(g.holds());
        QVERIFY(g.comesTo(TrainingState::Running));
        QVERIFY(refusalOf(g).code == codes::kRemoveRefused);
    }

    void dataThatIsCheckedHoldsTheModelWhoseTokenizerItNeeds() {
        RunGround g;
        QTRY_VERIFY_WITH_TIMEOUT(g.models->isListed(), kPatienceMs);
        const Busy pool(g.context->jobPool, managers::FilePool::kThreads);
        g.chooseShortRun();
        QTRY_VERIFY_WITH_TIMEOUT(!g.context->jobs.activeJobs().empty(), kPatienceMs);
        const Error refusal = refusalOf(g);
        QVERIFY2(refusal.message.find("Checking questions.jsonl") != std::string::npos,
                 refusal.message.c_str());
    }

    void aModelThatIsCheckedIsNotRemoved() {
        RunGround g;
        QTRY_VERIFY_WITH_TIMEOUT(g.models->isListed(), kPatienceMs);
        const Busy pool(g.context->jobPool, managers::FilePool::kThreads);
        QVERIFY(g.models->verify(kModel, false));
        QVERIFY(refusalOf(g).message.find("Verifying smollm2/135m-instruct") != std::string::npos);
    }

    void noTrainingBeginsOnAModelThatIsBeingRemoved() {
        RunGround g;
        g.chooseShortRun();
        QVERIFY(g.comesTo(TrainingState::Ready));
        const jobs::RemovalPlan plan = planOf(g);
        const managers::Job* job = nullptr;
        {
            const Busy pool(g.context->jobPool, managers::FilePool::kThreads);
            job = g.models->remove(plan);
            g.training->start();
            QVERIFY(g.isIn(TrainingState::Ready));
            QVERIFY(tellsOfRemoval(g.training->problem()));
            QCOMPARE(g.context->jobs.activeJobs().size(), std::size_t(1));
        }
        QTRY_COMPARE_WITH_TIMEOUT(job->state(), managers::JobState::Done, kPatienceMs);
        QVERIFY(!std::filesystem::exists(g.ground.installed() / "model.safetensors"));
    }

    void noRunGoesOnWhoseModelIsBeingRemoved() {
        RunGround g;
        trainRun(g.ground, {"older", 2e-4, 4});
        g.ground.engine.script().beforeStep = [&g](std::int64_t step) { g.gate.pass(step); };
        QVERIFY(isPaused(g));
        const jobs::RemovalPlan plan = planOf(g);
        const Busy pool(g.context->jobPool, managers::FilePool::kThreads);
        g.models->remove(plan);
        const QString shown = g.training->runName();
        g.training->resume(shown);
        QVERIFY(g.isIn(TrainingState::Paused));
        QVERIFY(tellsOfRemoval(g.training->problem()));
        QCOMPARE(g.training->runName(), shown);
        QSignalSpy told(g.training.get(), &managers::TrainingManager::progressed);
        g.training->resume(QStringLiteral("older"));
        QTRY_COMPARE_WITH_TIMEOUT(told.size(), 1, kPatienceMs);
        QVERIFY(g.isIn(TrainingState::Paused));
        QVERIFY(tellsOfRemoval(g.training->problem()));
    }

    void noAnswerBeginsWithAModelThatIsBeingRemoved() {
        RunGround g;
        Chat chat(g);
        const jobs::RemovalPlan plan = planOf(g);
        const Busy pool(g.context->jobPool, managers::FilePool::kThreads);
        g.models->remove(plan);
        QSignalSpy failed(chat.chat.get(), &managers::ChatManager::answerFailed);
        QVERIFY(chat.chat->send(QStringLiteral("one")));
        QTRY_COMPARE_WITH_TIMEOUT(failed.size(), 1, kPatienceMs);
        QVERIFY(tellsOfRemoval(failed.front().front().value<Error>()));
        QCOMPARE(failed.front().at(1).toString(), QStringLiteral("one"));
        QVERIFY(chat.chat->current().messages.empty());
        QCOMPARE(g.ground.engine.history().loads, 0);
    }

    void neitherACheckNorASecondRemovalBeginsOnAModelThatIsBeingRemoved() {
        RunGround g;
        QTRY_VERIFY_WITH_TIMEOUT(g.models->isListed(), kPatienceMs);
        const jobs::RemovalPlan plan = planOf(g);
        const managers::Job* removal = nullptr;
        const managers::Job* check = nullptr;
        {
            const Busy pool(g.context->jobPool, managers::FilePool::kThreads);
            removal = g.models->remove(plan);
            check = g.models->verify(kModel, false);
            QVERIFY(refusalOf(g).message.find("is being removed already") != std::string::npos);
        }
        QTRY_VERIFY_WITH_TIMEOUT(!removal->isActive() && !check->isActive(), kPatienceMs);
        QCOMPARE(removal->state(), managers::JobState::Done);
        QVERIFY(tellsOfRemoval(check->error()));
        QVERIFY(g.models->lastReport(kModel) == nullptr);
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
