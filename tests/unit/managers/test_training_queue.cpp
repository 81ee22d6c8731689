// Runs one after the other, over the fake engine: what fails does not stop those behind it, what is paused or
// held does, and the list outlives the program.
#include <QSignalSpy>
#include <QTest>

#include "core/error_codes.h"
#include "jobs/library/root_lock.h"
#include "jobs/train/rename_run.h"
#include "jobs/train/run_list.h"
#include "managers/training_queue.h"
#include "support/run_ground.h"

using namespace llamahome;
using managers::QueueItem;
using managers::QueueState;
using managers::TrainingQueue;
using managers::TrainingState;

namespace {

bool eventually(const std::function<bool()>& condition) {
    return QTest::qWaitFor(condition, testing::kPatienceMs);
}

struct Place : testing::RunGround {
    /// What the queue told to have failed.
    std::vector<QueueItem> failures;

    Place() { listen(); }
    TrainingQueue& queue() { return training->queue(); }
    void listen() {
        QObject::connect(&queue(), &TrainingQueue::failed, training.get(),
                         [this](const QueueItem& item) { failures.push_back(item); });
        if (!eventually([this] { return queue().isRead(); })) qFatal("the queue was never read");
    }
    bool isReady() {
        chooseShortRun();
        return comesTo(TrainingState::Ready);
    }
    /// The run of the form is held before its third step.
    bool isRunning() {
        if (!isReady()) return false;
        gate.holdBefore(3);
        training->start();
        return holds() && comesTo(TrainingState::Running);
    }
    managers::TrainingChoice choice(const char* key = nullptr, const char* value = nullptr) {
        managers::TrainingChoice chosen = setup().choice();
        if (key == nullptr) return chosen;
        std::erase_if(chosen.overrides, [key](const config::OptionValue& one) { return one.key == key; });
        chosen.overrides.push_back({key, value, "a test"});
        return chosen;
    }
    managers::TrainingChoice withoutData() {
        managers::TrainingChoice chosen = choice();
        chosen.data = {ground.folder() / "absent.jsonl"};
        return chosen;
    }
    managers::TrainingChoice named(const char* name) {
        managers::TrainingChoice chosen = choice();
        chosen.runName = name;
        return chosen;
    }
    std::vector<std::string> namesOfQueue() {
        std::vector<std::string> names;
        for (const QueueItem& item : queue().items())
            names.push_back(item.run.runName);
        return names;
    }
    bool isEmptied() {
        return eventually([this] { return queue().items().empty() && !training->isActive(); });
    }
    std::vector<jobs::RunInfo> runs() const {
        const MayBlock here;
        return jobs::listRuns(root());
    }
    std::vector<jobs::QueuedRun> kept() const {
        const MayBlock here;
        return jobs::readRunQueue(root());
    }
    bool isKept(std::size_t count) const {
        return eventually([&] { return kept().size() == count; });
    }
    /// The program once more, on the same root.
    void restart() {
        training.reset();
        training = std::make_unique<managers::TrainingManager>(*context, *models, *settings);
        listen();
    }
};

} // namespace

class TestTrainingQueue final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void runsFollowOneAnotherWithTheirOwnSettings() {
        Place g;
        QVERIFY(g.isRunning());
        QSignalSpy ended(g.training.get(), &managers::TrainingManager::runEnded);
        g.queue().add(g.choice("training.max_steps", "4"));
        g.queue().add(g.named("the-last"));
        QVERIFY(!g.queue().isHeld());
        QCOMPARE(g.queue().waiting(), std::size_t(2));
        QVERIFY(g.isKept(2));
        QVERIFY(g.isIn(TrainingState::Running)); // the one of before is not disturbed
        g.gate.open();
        QVERIFY(g.isEmptied());
        QVERIFY(g.isIn(TrainingState::Done));
        QCOMPARE(g.training->runName(), QStringLiteral("the-last"));
        QVERIFY(g.training->commandLine().contains(QStringLiteral("--name the-last")));
        QCOMPARE(ended.count(), 3);
        const auto runs = g.runs();
        QCOMPARE(runs.size(), std::size_t(3));
        QCOMPARE(runs[1].record.totalSteps, 4);
        for (const jobs::RunInfo& run : runs)
            QCOMPARE(run.record.state, jobs::RunState::Finished);
        QVERIFY(g.failures.empty());
        QVERIFY(g.isKept(0));
        QCOMPARE(g.ground.files.violations(), std::vector<std::string>{});
    }

    void whatFailsIsSaidAndTheNextGoesOn() {
        Place g;
        g.ground.engine.script().nonFiniteStep = 5; // after three steps at the full rate
        g.ground.engine.script().finiteUpToRate = 1e-5;
        QVERIFY(g.isRunning());
        g.queue().add(g.withoutData());
        managers::TrainingChoice gone = g.choice();
        gone.model->name = "llama/gone";
        g.queue().add(gone);
        g.queue().add(g.named("not-finite"));
        g.queue().add(g.choice("training.learning_rate", "1e-6"));
        g.gate.open();
        QVERIFY(eventually([&] { return g.queue().waiting() == 0 && g.isIn(TrainingState::Done); }));
        QCOMPARE(g.failures.size(), std::size_t(3));
        QVERIFY2(g.failures[0].run.message.find("absent.jsonl") != std::string::npos,
                 g.failures[0].run.message.c_str());
        QVERIFY2(g.failures[1].run.message.find("llama/gone") != std::string::npos,
                 g.failures[1].run.message.c_str());
        QCOMPARE(g.failures[1].run.code, std::string(codes::kModelNotInstalled.text));
        QCOMPARE(g.failures[2].runName, QStringLiteral("not-finite"));
        QCOMPARE(g.queue().items().size(), std::size_t(3)); // they stay, with their reasons
        for (const QueueItem& item : g.queue().items())
            QCOMPARE(item.state, QueueState::Failed);
        QVERIFY(g.isKept(3));
        g.restart();
        QCOMPARE(g.queue().items().size(), std::size_t(3));
        QCOMPARE(g.queue().items()[0].state, QueueState::Failed);
        QVERIFY(!g.queue().isHeld()); // nothing waits that could begin
    }

    void aFailedOneIsTriedAgainAtTheEnd() {
        Place g;
        QVERIFY(g.isReady());
        managers::TrainingChoice later = g.choice();
        later.data = {g.ground.folder() / "later.jsonl"};
        g.queue().add(later);
        g.queue().goOn();
        QVERIFY(eventually([&] { return g.failures.size() == 1; }));
        std::filesystem::copy_file(g.data, later.data.front());
        g.queue().tryAgain(g.queue().items().front().id);
        QVERIFY(g.isEmptied());
        QVERIFY(g.isIn(TrainingState::Done));
        QCOMPARE(g.failures.size(), std::size_t(1));
    }

    void whatIsPutTogetherBeforehandWaitsForItsStartAlsoInTheNextProgram() {
        Place g;
        QVERIFY(g.isReady());
        g.queue().add(g.named("first"));
        g.queue().add(g.named("second"));
        QVERIFY(g.queue().isHeld());
        QVERIFY(g.isKept(2));
        g.restart();
        QVERIFY(g.queue().isHeld());
        QVERIFY((g.namesOfQueue() == std::vector<std::string>{"first", "second"}));
        QVERIFY(g.queue().items().front().run.changes.size() >= 6);
        QVERIFY(!g.training->isActive());
        g.queue().goOn();
        QVERIFY(g.isEmptied());
        const auto runs = g.runs();
        QCOMPARE(runs.size(), std::size_t(2));
        QCOMPARE(runs[0].name, std::string("first"));
        QCOMPARE(runs[0].record.totalSteps, 6);
        QVERIFY(g.isKept(0));
    }

    void theOrderCanBeChangedAndARunTakenOut() {
        Place g;
        QVERIFY(g.isReady());
        for (const char* name : {"a", "b", "c"})
            g.queue().add(g.named(name));
        const auto idOf = [&](std::size_t row) { return g.queue().items()[row].id; };
        g.queue().move(idOf(2), -1);
        QVERIFY((g.namesOfQueue() == std::vector<std::string>{"a", "c", "b"}));
        g.queue().move(idOf(0), 5);
        QVERIFY((g.namesOfQueue() == std::vector<std::string>{"c", "b", "a"}));
        g.queue().remove(idOf(1));
        QVERIFY((g.namesOfQueue() == std::vector<std::string>{"c", "a"}));
        g.queue().move(99, 1);
        g.queue().remove(99);
        QVERIFY(g.isKept(2));
        QCOMPARE(g.kept().front().runName, std::string("c"));
    }

    void aPausedRunKeepsTheQueueWaiting() {
        Place g;
        QVERIFY(g.isReady());
        g.gate.holdBefore(3);
        g.queue().add(g.named("one"));
        g.queue().add(g.named("two"));
        g.queue().goOn();
        QVERIFY(g.holds());
        QVERIFY(g.comesTo(TrainingState::Running));
        g.queue().remove(g.queue().items().front().id); // not one that goes
        QCOMPARE(g.queue().items().size(), std::size_t(2));
        QVERIFY(g.isKept(1)); // the other has its folder
        g.training->pause();
        g.gate.open();
        QVERIFY(g.comesTo(TrainingState::Paused));
        QTest::qWait(0);
        QVERIFY(g.isIn(TrainingState::Paused));
        QCOMPARE(g.queue().waiting(), std::size_t(1));
        QVERIFY(g.isKept(1));
        g.training->resume(g.training->runName());
        QVERIFY(g.isEmptied());
        const auto runs = g.runs();
        QCOMPARE(runs.size(), std::size_t(2));
        for (const jobs::RunInfo& run : runs)
            QCOMPARE(run.record.state, jobs::RunState::Finished);
    }

    void aRunThatIsStoppedWhilePausedGivesWayToTheNext() {
        Place g;
        QVERIFY(g.isRunning());
        g.queue().add(g.named("next"));
        g.training->pause();
        g.gate.open();
        QVERIFY(g.comesTo(TrainingState::Paused));
        g.training->stop();
        QVERIFY(eventually([&] { return g.training->runName() == QStringLiteral("next"); }));
        QVERIFY(g.isEmptied());
        QCOMPARE(g.runs().size(), std::size_t(2));
    }

    void aPausedRunThatIsRenamedGoesOnUnderItsNewName() {
        Place g;
        QVERIFY(g.isReady());
        g.gate.holdBefore(3);
        g.queue().add(g.named("one"));
        g.queue().add(g.named("two"));
        g.queue().goOn();
        QVERIFY(g.holds());
        QVERIFY(g.comesTo(TrainingState::Running));
        g.training->pause();
        g.gate.open();
        QVERIFY(g.comesTo(TrainingState::Paused));
        {
            const MayBlock here;
            const auto lock = jobs::RootLock::acquire(g.root());
            QVERIFY(lock && jobs::renameRun(*jobs::findRun(g.root(), "one"), "uno", *lock, systemFiles()));
        }
        g.training->takeNewName(QStringLiteral("one"), QStringLiteral("uno"));
        QCOMPARE(g.training->runName(), QStringLiteral("uno"));
        g.training->resume(g.training->runName());
        QVERIFY(g.isEmptied());
        const auto runs = g.runs();
        QCOMPARE(runs.size(), std::size_t(2));
        QCOMPARE(runs[1].name, std::string("uno"));
        QCOMPARE(runs[1].record.state, jobs::RunState::Finished);
    }

    void aHeldQueueWaitsForGoOn() {
        Place g;
        QVERIFY(g.isRunning());
        g.queue().add(g.named("next"));
        g.queue().hold();
        g.gate.open();
        QVERIFY(g.comesTo(TrainingState::Done));
        QTest::qWait(0);
        QVERIFY(g.isIn(TrainingState::Done));
        QCOMPARE(g.queue().waiting(), std::size_t(1));
        g.queue().goOn();
        QVERIFY(g.isEmptied());
        QCOMPARE(g.training->runName(), QStringLiteral("next"));
    }

    void whatIsStoppedBeforeItBeginsStaysAndHoldsTheQueue() {
        Place g;
        QVERIFY(g.isReady());
        testing::StepGate busy;
        busy.holdBefore(1);
        g.context->engine.post([&busy] { busy.pass(1); });
        g.queue().add(g.named("one"));
        g.queue().goOn();
        QVERIFY(g.training->isActive());
        g.training->stop();
        busy.open();
        QVERIFY(eventually([&] { return !g.training->isActive(); }));
        QTest::qWait(0);
        QVERIFY(!g.training->isActive());
        QVERIFY(g.queue().isHeld());
        QCOMPARE(g.queue().waiting(), std::size_t(1));
        QVERIFY(g.failures.empty());
        QVERIFY(g.runs().empty());
    }

    void aRootThatAnotherProcessHasHoldsTheQueueAndLosesNothing() {
        Place g;
        QVERIFY(g.isReady());
        g.queue().add(g.named("one"));
        g.queue().add(g.named("two"));
        {
            const MayBlock here;
            const auto lock = jobs::RootLock::acquire(g.root());
            QVERIFY(lock);
            g.queue().goOn();
            QVERIFY(eventually([&] { return g.queue().isHeld() && !g.training->isActive(); }));
        }
        QCOMPARE(g.queue().waiting(), std::size_t(2));
        QVERIFY(g.training->problem().has_value());
        g.queue().goOn();
        QVERIFY(g.isEmptied());
        QCOMPARE(g.runs().size(), std::size_t(2));
    }
};

QTEST_GUILESS_MAIN(TestTrainingQueue)
#include "test_training_queue.moc"
