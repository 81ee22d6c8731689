// The queue on the training page: planned beside a run that goes on, ordered, held, and told of when one
// fails.
#include <QListWidget>
#include <QPushButton>

#include "training_page.h"
#include "widgets/queue_panel.h"

using namespace llamahome;
using managers::TrainingState;
using testing::eventually;
using Page = testing::TrainingPage;

namespace {

QStringList rowsOf(const Page& page) {
    QStringList rows;
    const auto& list = page.find<QListWidget>("queueList");
    for (int row = 0; row < list.count(); ++row)
        rows << list.item(row)->text();
    return rows;
}

bool isReady(Page& page) {
    page.run.chooseShortRun();
    return page.run.comesTo(TrainingState::Ready);
}

} // namespace

class TestTrainingQueuePanel final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { testing::applyTestTheme(); }

    void theNextRunIsPlannedWhileOneGoesOn() {
        Page page;
        QVERIFY(page.startsAndHoldsBefore(3));
        QVERIFY(!page.isShown("queuePanel"));
        QVERIFY(!page.isShown("startButton"));
        page.click("planButton");
        QVERIFY(page.isShown("startButton"));
        QVERIFY(!page.isShown("queueButton"));
        QCOMPARE(page.find<QPushButton>("startButton").text(), QStringLiteral("Add to &queue"));
        page.run.set("training.max_steps", "4");
        QVERIFY(eventually([&] { return page.find<QPushButton>("startButton").isEnabled(); }));
        page.click("startButton");
        QVERIFY(page.isShown("queuePanel"));
        QCOMPARE(page.text("queueTitle"), QStringLiteral("Queue: 1 run waits"));
        QVERIFY2(rowsOf(page).front().contains(QStringLiteral("questions.jsonl")),
                 qPrintable(rowsOf(page).front()));
        QVERIFY(rowsOf(page).front().startsWith(QStringLiteral("waits: ")));
        page.picture("training_queue");
        page.click("planButton");
        QVERIFY(page.isShown("lossChart"));
        QVERIFY(page.isShown("pauseButton"));
        page.run.gate.open();
        QVERIFY(eventually([&] { return !page.isShown("queuePanel"); }));
        QVERIFY(page.run.comesTo(TrainingState::Done));
        QCOMPARE(page.run.training->forecast()->totalSteps, 4);
        QVERIFY(!page.isShown("planButton"));
    }

    void aModelChosenElsewhereMeanwhileTurnsToTheFormOfTheNextRun() {
        Page page;
        QVERIFY(page.startsAndHoldsBefore(3));
        page.pane->chooseModel(QStringLiteral("smollm2/135m-instruct"));
        QVERIFY(page.isShown("startButton"));
        QVERIFY(page.message().contains(QStringLiteral("this one goes on")));
        page.click("planButton");
        QVERIFY(page.isShown("lossChart"));
    }

    void runsAreQueuedBeforehandOrderedAndTakenOutByKeyboard() {
        Page page;
        QVERIFY(isReady(page));
        for (const char* name : {"alpha", "beta", "gamma"}) {
            page.run.setup().setRunName(QString::fromLatin1(name));
            QVERIFY(eventually([&] { return page.find<QPushButton>("queueButton").isEnabled(); }));
            page.click("queueButton");
        }
        QVERIFY(page.isShown("startButton")); // nothing has begun
        QVERIFY(page.text("queueTitle").startsWith(QStringLiteral("Queue: 3 runs wait; ")));
        auto& list = page.find<QListWidget>("queueList");
        list.setFocus();
        list.setCurrentRow(2);
        QTest::keyClick(&list, Qt::Key_Up, Qt::AltModifier);
        QVERIFY(rowsOf(page)[1].contains(QStringLiteral("gamma")));
        QCOMPARE(list.currentRow(), 1);
        QTest::keyClick(&list, Qt::Key_Delete);
        QCOMPARE(list.count(), 2);
        list.setCurrentRow(0);
        QVERIFY(!page.find<QPushButton>("queueUp").isEnabled());
        page.click("queueDown");
        QVERIFY(rowsOf(page)[0].contains(QStringLiteral("beta")));
        QVERIFY(!page.find<QPushButton>("queueAgain").isEnabled());
        page.click("holdQueue");
        QVERIFY(eventually([&] { return !page.isShown("queuePanel"); }));
        QVERIFY(page.run.comesTo(TrainingState::Done));
        QCOMPARE(page.run.training->runName(), QStringLiteral("alpha"));
    }

    void aFailureIsToldAndTheNextGoesOn() {
        Page page;
        QVERIFY(page.startsAndHoldsBefore(3));
        managers::TrainingChoice choice = page.run.setup().choice();
        const auto right = choice.data;
        choice.data = {page.run.ground.folder() / "absent.jsonl"};
        page.run.training->queue().add(choice);
        choice.data = right;
        page.run.training->queue().add(choice);
        page.run.gate.open();
        QVERIFY(eventually([&] { return page.message().contains(QStringLiteral("absent.jsonl")); }));
        QVERIFY2(page.message().endsWith(QStringLiteral("The next run of the queue goes on.")),
                 qPrintable(page.message()));
        QVERIFY(page.run.comesTo(TrainingState::Done));
        QVERIFY(eventually([&] { return rowsOf(page).size() == 1; }));
        QVERIFY(rowsOf(page).front().startsWith(QStringLiteral("failed: ")));
        QVERIFY(page.find<QPushButton>("queueAgain").isEnabled());
        QVERIFY(!page.find<QPushButton>("holdQueue").isEnabled());
        page.click("queueRemove");
        QVERIFY(!page.isShown("queuePanel"));
    }
};

QTEST_MAIN(TestTrainingQueuePanel)
#include "test_training_queue_panel.moc"
