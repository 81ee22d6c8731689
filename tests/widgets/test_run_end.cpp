// How a run ends on the training page: what a stop keeps, and how a failed run goes on.
#include <QPushButton>

#include "training_page.h"
#include "widgets/stop_question.h"

using namespace llamahome;
using managers::TrainingState;
using testing::eventually;
using testing::TrainingPage;

class TestRunEnd final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { testing::applyTestTheme(); }

    void stopEndsTheRunAndItIsOfferedForContinuing() {
        TrainingPage page;
        QVERIFY(page.startsAndHoldsBefore(4));
        QVERIFY(eventually([&] { return widgets::isStopAsked(*page.run.training); }));
        page.click("stopButton");
        QVERIFY(page.run.training->state() == TrainingState::Running); // it is asked what to keep
        page.picture("training_stop");
        page.click("stopKeepLast");
        page.run.gate.open();
        QVERIFY(page.run.comesTo(TrainingState::Done));
        QVERIFY(page.text("resultAdapter").endsWith(QStringLiteral("of step 3")));
        QVERIFY(page.text("resultHeadline").startsWith(QStringLiteral("Stopped at step 3 of 6")));
        page.click("newTraining");
        QVERIFY(eventually([&] { return page.isShown("unfinishedOffer"); }));
        QVERIFY(page.text("unfinishedWords").contains(QStringLiteral("step 3 of 6")));
        page.picture("training_unfinished");
        page.click("continueUnfinished");
        QVERIFY(page.run.comesTo(TrainingState::Done));
        QVERIFY(page.text("resultHeadline").startsWith(QStringLiteral("Finished")));
    }

    void aStopForLaterLeavesNoAdapterAndCanBeContinued() {
        TrainingPage page;
        QVERIFY(page.startsAndHoldsBefore(4));
        QVERIFY(eventually([&] { return widgets::isStopAsked(*page.run.training); }));
        page.click("stopButton");
        page.click("stopNot");
        QVERIFY(page.run.training->state() == TrainingState::Running);
        page.click("stopButton");
        page.click("stopForLater");
        page.run.gate.open();
        QVERIFY(page.run.comesTo(TrainingState::Done));
        QVERIFY(page.run.training->summary()->adapterName.empty());
        QVERIFY(page.text("resultHeadline").endsWith(QStringLiteral("the checkpoint is kept")));
        QVERIFY(!page.isShown("resultChat"));
        page.click("continueButton");
        QVERIFY(page.run.comesTo(TrainingState::Done));
        QVERIFY(page.text("resultHeadline").startsWith(QStringLiteral("Finished")));
    }

    void aFailureTellsItsCauseAndWhatWasKept() {
        TrainingPage page;
        page.run.ground.engine.script().nonFiniteStep = 4;
        page.run.chooseShortRun();
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        page.click("startButton");
        QVERIFY(page.run.comesTo(TrainingState::Failed));
        QVERIFY(page.text("resultHeadline").contains(QStringLiteral("the loss is nan")));
        QVERIFY(eventually([&] { return page.text("resultKept").contains(QStringLiteral("checkpoint")); }));
        QVERIFY(!page.isShown("continueButton")); // it would come to the same end
        QVERIFY(page.isShown("resultRemedies"));
        page.picture("training_failed");
        page.click("newTraining"); // at the next start the same is offered
        QVERIFY(eventually([&] { return page.isShown("unfinishedOffer"); }));
        QVERIFY(page.text("unfinishedWords").contains(QStringLiteral("the loss is nan")));
        QVERIFY(!page.isShown("continueUnfinished"));
        page.picture("training_failed_offer");
        const double rate = page.run.setup().settings().training.learning_rate;
        page.run.ground.engine.script().finiteUpToRate = rate * 0.75;
        page.find<QWidget>("offerRemedies").findChild<QPushButton*>(QStringLiteral("remedy0"))->click();
        QVERIFY(page.run.comesTo(TrainingState::Done));
        QCOMPARE(page.run.training->run().settings.training.learning_rate, rate / 2.0);
        QVERIFY(page.run.training->commandLine().contains(QStringLiteral("--learning-rate ")));
    }
};

QTEST_MAIN(TestRunEnd)
#include "test_run_end.moc"
