// The training page while a run is at work and when it has ended: a real pane, by mouse and by keys.
#include <algorithm>

#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QFileDialog>
#include <QImage>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalSpy>
#include <QTabBar>
#include <QTableView>
#include <QTest>

#include "core/blocking.h"
#include "core/file_layer.h"
#include "items/job_words.h"
#include "training_page.h"

using namespace llamahome;
using managers::TrainingState;
using testing::eventually;
using testing::kPatienceMs;
using testing::RunGround;
using Page = testing::TrainingPage;

class TestTrainingPane final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { testing::applyTestTheme(); }

    void aRunIsChosenStartedPausedContinuedAndItsAdapterTalkedTo() {
        Page page;
        QVERIFY(!page.find<QPushButton>("startButton").isEnabled());
        QVERIFY(eventually([&] { return page.isShown("useSample"); }));
        page.picture("training_nothing_chosen");
        page.run.chooseShortRun();
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        QVERIFY(page.text("dataReport").startsWith(QStringLiteral("12 rows · question and answer")));
        QVERIFY(page.text("forecastRest").contains(QStringLiteral("6 steps")));
        QVERIFY(page.isShown("firstRow"));
        page.picture("training_ready");

        page.run.gate.holdBefore(5);
        page.click("startButton");
        QVERIFY(page.run.comesTo(TrainingState::Running));
        QVERIFY(page.run.holds());
        QVERIFY(!page.isShown("startButton"));
        QVERIFY(page.text("runSummary").contains(QStringLiteral("questions.jsonl")));
        QVERIFY(eventually([&] { return page.chart().drawnPoints(2) >= 1; }));
        page.picture("training_running");
        page.click("pauseButton");
        QVERIFY(!page.find<QPushButton>("pauseButton").isEnabled());
        page.run.gate.open();
        QVERIFY(page.run.comesTo(TrainingState::Paused));
        QVERIFY(page.text("resultHeadline").startsWith(QStringLiteral("Paused at step 4 of 6")));
        QVERIFY(!page.isShown("nowHeadline"));
        QVERIFY(eventually([&] { return page.chart().drawnPoints(0) == 4; }));
        page.picture("training_paused");
        page.click("resumeButton");
        QVERIFY(page.run.comesTo(TrainingState::Done));

        QVERIFY(page.text("resultHeadline").startsWith(QStringLiteral("Finished")));
        QVERIFY(page.text("resultLoss").contains(QStringLiteral("lower")));
        QCOMPARE(page.find<QTabBar>("runTabs").currentIndex(), 6); // the answers, before and after
        page.picture("training_done");
        QSignalSpy chat(page.pane.get(), &widgets::TrainingPane::chatRequested);
        page.click("resultChat");
        QCOMPARE(chat.count(), 1);
        QCOMPARE(chat.front().at(0).toString(), QStringLiteral("smollm2/135m-instruct"));
        QVERIFY(!chat.front().at(1).toString().isEmpty());
        QSignalSpy evaluate(page.pane.get(), &widgets::TrainingPane::evaluateRequested);
        page.click("resultEvaluate");
        QCOMPARE(evaluate.count(), 1);
        QCOMPARE(evaluate.front().at(0).toString(), page.run.training->runName());
        page.click("newTraining");
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        QVERIFY(page.isShown("startButton"));
    }

    void theBarIsThatOfThePhaseInWork() {
        Page page;
        testing::StepGate loading;
        loading.holdBefore(1);
        page.run.ground.engine.script().beforeLoad = [&loading] { loading.pass(1); };
        page.run.chooseShortRun();
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        page.run.gate.holdBefore(1);
        page.click("startButton");
        QVERIFY(eventually([&] { return loading.isReached(); }));
        QVERIFY(eventually([&] { return page.text("nowPhase").startsWith(QStringLiteral("Loading")); }));
        const auto& bar = page.find<QProgressBar>("nowBar");
        QCOMPARE(bar.maximum(), 0); // although the model was hashed to its end before
        loading.open();

        QVERIFY(page.run.holds()); // after the first evaluation, in the first step
        QVERIFY(eventually([&] { return page.run.training->metrics().columns().rows() == 1; }));
        QVERIFY(!page.isShown("nowPhase"));
        QVERIFY(bar.maximum() > 0);
        QCOMPARE(bar.value(), 0);
        const managers::Job& job = *page.run.context->jobs.activeJobs().front();
        QVERIFY(eventually([&] { return job.progress().phase == "training"; }));
        QCOMPARE(items::jobPercent(job), -1);
        page.run.gate.open();
        QVERIFY(page.run.comesTo(TrainingState::Done));
        QCOMPARE(page.text("nowLeft"), QString());
    }

    // They are answered together: the bar stands at those that are done.
    void theAnsweredPromptsAreCounted() {
        Page page;
        testing::StepGate prompts;
        prompts.holdBefore(2);
        page.run.ground.engine.script().beforeToken = [&prompts, at = 0](std::size_t token) mutable {
            if (token == 0) prompts.pass(++at);
        };
        page.run.chooseShortRun();
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        page.click("startButton");
        QVERIFY(eventually(
            [&] { return page.text("nowPhase").startsWith(QStringLiteral("Answering prompt 1 of ")); }));
        const auto& bar = page.find<QProgressBar>("nowBar");
        QVERIFY(bar.value() == 0 && bar.maximum() > 1);
        prompts.open();
        QVERIFY(page.run.comesTo(TrainingState::Done));
    }

    void spaceOnPauseAndThenContinueNeverStopsTheRun() {
        Page page;
        page.run.chooseShortRun();
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        page.run.gate.holdBefore(3);
        page.click("startButton");
        QVERIFY(page.run.holds());
        QVERIFY(page.run.comesTo(TrainingState::Running));
        auto& pause = page.find<QPushButton>("pauseButton");
        auto& goOn = page.find<QPushButton>("resumeButton");
        pause.setFocus();
        QTest::keyClick(&pause, Qt::Key_Space);
        QVERIFY(page.run.isIn(TrainingState::Pausing));
        QVERIFY(QApplication::focusWidget() != &page.find<QPushButton>("stopButton"));
        page.run.gate.open();
        QVERIFY(page.run.comesTo(TrainingState::Paused));
        QCOMPARE(QApplication::focusWidget(), &goOn);
        QTest::keyClick(&goOn, Qt::Key_Space);
        QVERIFY(QApplication::focusWidget() != &page.find<QPushButton>("stopButton"));
        QVERIFY(page.run.comesTo(TrainingState::Done));
    }

    void oneRowLeavesNothingToMeasureOnAndThatIsSaid() {
        Page page;
        std::ofstream(page.run.data) << R"({"question":"What is 1 and 1?","answer":"It is 2"})" << '\n';
        page.run.chooseShortRun();
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        QVERIFY(
            eventually([&] { return page.text("forecastWords").contains(QStringLiteral("50 good rows")); }));
        page.click("allSettings");
        QVERIFY(page.text("validationFile").startsWith(QStringLiteral("nothing")));
    }

    void theCurvesAndTheTableShowTheSameNumbers() {
        Page page;
        page.run.chooseShortRun();
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        page.click("startButton");
        QVERIFY(page.run.comesTo(TrainingState::Done));
        auto& tabs = page.find<QTabBar>("runTabs");
        tabs.setCurrentIndex(0);
        page.chart().redraw();
        QCOMPARE(page.chart().drawnPoints(0), 6);
        QCOMPARE(page.chart().drawnPoints(1), 6);
        QCOMPARE(page.chart().drawnPoints(2), 4); // at 0, 2, 4 and 6
        QVERIFY(page.chart().readout().contains(QStringLiteral("best")));
        page.picture("training_loss");
        QTest::keyClick(&page.chart(), Qt::Key_Home);
        QTest::keyClick(&page.chart(), Qt::Key_Right);
        QVERIFY2(page.chart().readout().contains(QStringLiteral("step")), qPrintable(page.chart().readout()));
        page.chart().zoom(0.1, 3.0);
        QVERIFY(page.chart().isZoomed());
        QTest::keyClick(&page.chart(), Qt::Key_Home);
        QVERIFY(!page.chart().isZoomed());
        for (int tab = 1; tab <= 4; ++tab) {
            tabs.setCurrentIndex(tab);
            QCOMPARE(page.find<widgets::MetricChart>("curveChart").drawnPoints(0), 6);
            page.picture(qPrintable(QStringLiteral("training_curve_%1").arg(tab)));
        }
        tabs.setCurrentIndex(5);
        const auto& table = page.find<QTableView>("metricTable");
        QVERIFY(table.isVisible());
        page.picture("training_table");
        QCOMPARE(table.model()->rowCount(), 7);
        QCOMPARE(table.model()->index(6, 0).data().toString(), QStringLiteral("6"));
        auto& copy = page.find<QAbstractButton>("copyRows");
        QTest::mouseClick(&copy, Qt::LeftButton);
        QCOMPARE(QApplication::clipboard()->text().count(u'\n'), 7); // after the line of titles
        QCOMPARE(copy.text(), QStringLiteral("Copied"));
    }

    void whileItTrainsEveryChartHasALogarithmicAxisAPictureAndItsNumbers() {
        Page page;
        QVERIFY(page.startsAndHoldsBefore(5));
        const auto& columns = page.run.training->metrics().columns();
        QVERIFY(eventually([&] { return columns.rows() >= 1; })); // steps so quick are told later, together
        auto& tabs = page.find<QTabBar>("runTabs");
        tabs.setCurrentIndex(2);
        page.click("logarithmic");
        QVERIFY(page.find<widgets::MetricChart>("curveChart").isLogarithmic());
        QVERIFY(page.chart().isLogarithmic());
        const auto save = [&](const char* action, const char* name) {
            page.find<QAction>(action).trigger();
            auto& dialog = page.find<QFileDialog>("chartDialog");
            const auto file = page.run.ground.folder() / name;
            dialog.selectFile(managers::pathToQt(file));
            QMetaObject::invokeMethod(&dialog, "accept");
            if (!eventually([&] { return page.message().contains(QLatin1String(name)); })) qFatal("no file");
            return file;
        };
        const auto picture = save("savePicture", "gradient.png");
        QVERIFY(eventually([&] { return page.pane->findChild<QFileDialog*>() == nullptr; }));
        const auto numbers = save("saveNumbers", "so_far.csv");
        {
            const MayBlock here;
            QVERIFY(!QImage(managers::pathToQt(picture)).isNull());
            const auto text = readFile(numbers);
            QVERIFY(text && text->starts_with("step,epoch,train_loss,"));
            QCOMPARE(std::count(text->begin(), text->end(), '\n'), 1 + static_cast<int>(columns.rows()));
        }
        tabs.setCurrentIndex(5);
        QVERIFY(!page.find<QAction>("savePicture").isEnabled());
        QVERIFY(!page.isShown("logarithmic"));
        tabs.setCurrentIndex(6);
        QVERIFY(!page.isShown("saveChart"));
    }

    void answersOfEachEvaluationAreATimeLine() {
        Page page;
        page.run.chooseShortRun();
        page.run.set("training.evaluation.answers", "each");
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        page.click("startButton");
        QVERIFY(page.run.comesTo(TrainingState::Done));
        QStringList titles;
        for (const auto* label : page.find<QScrollArea>("answersView").findChildren<QLabel*>())
            titles << label->text();
        for (const char* title : {"Before training", "After step 2", "After step 4", "After training"})
            QCOMPARE(titles.count(QString::fromLatin1(title)), 2); // of each prompt
        QVERIFY(!titles.contains(QStringLiteral("After step 6")));
        page.picture("training_answers");
    }

    void aLongRunIsDrawnOnBothKindsOfAxis() {
        Page page;
        page.run.ground.engine.script().evalLoss = [](std::int64_t step) {
            return 0.4 + 1.8 / (1.0 + 0.05 * static_cast<double>(step)) + 0.0006 * static_cast<double>(step);
        };
        page.run.chooseShortRun();
        page.run.set("training.max_steps", "400");
        page.run.set("training.evaluation.every_steps", "25");
        page.run.set("training.checkpoint.every_steps", "400");
        page.run.set("training.early_stopping.patience", "20");
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        page.click("startButton");
        QVERIFY(page.run.comesTo(TrainingState::Done));
        page.find<QTabBar>("runTabs").setCurrentIndex(0);
        page.chart().redraw();
        QCOMPARE(page.chart().drawnPoints(0), 400);
        QCOMPARE(page.chart().drawnPoints(2), 17);
        page.picture("training_long");
        page.click("logarithmic");
        QVERIFY(page.chart().isLogarithmic());
        QCOMPARE(page.chart().drawnPoints(0), 400);
        page.picture("training_logarithmic");
        page.chart().zoom(0.25, 100.0);
        QTest::keyClick(&page.chart(), Qt::Key_Right);
        QVERIFY(page.chart().to() - page.chart().from() <= 100.0);
        page.picture("training_zoomed");
    }

    void aPausedRunIsOfferedAtTheNextStartUntilItIsRefused() {
        Page page;
        QVERIFY(page.startsAndHoldsBefore(4));
        page.click("pauseButton");
        page.run.gate.open();
        QVERIFY(page.run.comesTo(TrainingState::Paused));
        const auto restart = [&] {
            page.pane.reset();
            page.run.training = std::make_unique<managers::TrainingManager>(
                *page.run.context, *page.run.models, *page.run.settings);
            page.open();
            return eventually([&] { return page.run.training->unfinished().has_value(); });
        };
        QVERIFY(restart());
        QVERIFY(page.isShown("unfinishedOffer"));
        page.click("refuseUnfinished");
        QVERIFY(!page.isShown("unfinishedOffer"));
        QVERIFY(restart());
        QVERIFY(!page.isShown("unfinishedOffer"));
    }

    void aRunPausedBeforeItsSecondEvaluationTellsNoChange() {
        Page page;
        QVERIFY(page.startsAndHoldsBefore(2));
        page.click("pauseButton");
        page.run.gate.open();
        QVERIFY(page.run.comesTo(TrainingState::Paused));
        QVERIFY2(page.text("resultLoss").contains(QStringLiteral("not measured yet")),
                 qPrintable(page.text("resultLoss")));
        const auto& again = page.find<QWidget>("newTraining");
        QVERIFY(again.parentWidget()->rect().contains(again.geometry()));
    }

    void aModelThatIsGoneGivesWayToTheOnlyOneThatIsThere() {
        Page page;
        // A list that is read anew meanwhile, because memory has changed, takes the choice back.
        QVERIFY(eventually([&] {
            page.run.setup().chooseModel(QStringLiteral("llama/3.2-1b"));
            return !page.message().isEmpty();
        }));
        Q_EMIT page.run.models->modelsChanged();
        QCOMPARE(page.find<QComboBox>("modelChooser").currentText(), QStringLiteral("smollm2/135m-instruct"));
        QVERIFY(eventually([&] { return page.message().isEmpty(); }));
    }

    void earlyStoppingIsToldInWords() {
        Page page;
        page.run.ground.engine.script().evalLoss = [](std::int64_t step) {
            return step == 2 ? 0.5 : 1.0 + static_cast<double>(step);
        };
        page.run.chooseShortRun();
        page.run.set("training.early_stopping.patience", "1");
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        page.click("startButton");
        QVERIFY(page.run.comesTo(TrainingState::Done));
        QVERIFY(page.text("resultHeadline").startsWith(QStringLiteral("Stopped early after 4 of 6 steps")));
        QVERIFY(page.text("resultBest").endsWith(QStringLiteral("at step 2")));
        QCOMPARE(page.text("nowPatience"), QStringLiteral("1 of 1"));
    }

    void theKeyboardAloneReachesStartPauseAndStop() {
        Page page;
        page.run.chooseShortRun();
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        page.run.gate.holdBefore(2);
        QTest::keyClick(page.pane.get(), Qt::Key_S, Qt::AltModifier);
        QVERIFY(page.run.comesTo(TrainingState::Running));
        QVERIFY(page.run.holds());
        QTest::keyClick(page.pane.get(), Qt::Key_P, Qt::AltModifier);
        QVERIFY(page.run.comesTo(TrainingState::Pausing)); // a key presses a button for a moment
        page.run.gate.open();
        QVERIFY(page.run.comesTo(TrainingState::Paused));
        QTest::keyClick(page.pane.get(), Qt::Key_T, Qt::AltModifier);
        QVERIFY(page.run.comesTo(TrainingState::Done));
        QCOMPARE(page.run.training->summary()->end, jobs::TrainEnd::Interrupted);
    }

    void everyThingThatTakesTheFocusHasAName() {
        Page page;
        page.run.chooseShortRun();
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        page.click("allSettings");
        for (const QWidget* widget : page.pane->findChildren<QWidget*>()) {
            if (widget->focusPolicy() == Qt::NoFocus || widget->focusProxy() != nullptr ||
                !widget->isVisible())
                continue;
            const QAccessibleInterface* seen =
                QAccessible::queryAccessibleInterface(const_cast<QWidget*>(widget));
            QVERIFY(seen != nullptr);
            QVERIFY2(!seen->text(QAccessible::Name).isEmpty(),
                     qPrintable(QString::fromLatin1(widget->metaObject()->className()) + QLatin1Char(' ') +
                                widget->objectName()));
        }
    }
};

QTEST_MAIN(TestTrainingPane)
#include "test_training_pane.moc"
