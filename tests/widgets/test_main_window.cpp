// The frame of the window: first start, places, log, work in the status bar, closing, reach by keyboard.
#include <fstream>

#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDir>
#include <QFileDialog>
#include <QImage>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QPushButton>
#include <QScopeGuard>
#include <QSignalSpy>
#include <QStackedWidget>
#include <QTableView>
#include <QTest>
#include <QTextBlock>
#include <QTextBrowser>
#include <QTextEdit>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "managers/text.h"
#include "support/step_gate.h"
#include "support/trained_run.h"
#include "support/window_ground.h"
#include "widgets/elided_button.h"
#include "widgets/jobs_dialog.h"
#include "widgets/leave_guard.h"
#include "widgets/log_drawer.h"
#include "widgets/look.h"
#include "widgets/manual_dialog.h"
#include "widgets/status_area.h"
#include "widgets/stop_question.h"

using namespace llamahome;
using namespace llamahome::testing;
using namespace llamahome::widgets;
using managers::Job;
using managers::JobKind;
using managers::JobState;
using managers::pathToQt;

namespace {

Job& startJob(WindowGround& ground) {
    Job& job = ground.session->context.jobs.start(JobKind::Verify, QStringLiteral("Checking SmolLM2"));
    job.setCommandLine(QStringLiteral("llamahome verify smollm2 135m-instruct"));
    job.setRunning();
    return job;
}

/// Six steps on twelve questions, measured every second one.
void chooseShortRun(WindowGround& ground) {
    const auto data = ground.ground.folder() / "questions.jsonl";
    std::ofstream file(data);
    for (int i = 1; i <= 12; ++i)
        file << R"({"question":"What is )" << i << R"( and 1?","answer":"It is )" << i + 1 << "\"}\n";
    file.close();
    auto& setup = ground.session->training.setup();
    for (const auto& [key, value] : {std::pair{"training.max_steps", "6"},
                                     {"training.batch_size", "2"},
                                     {"training.validation_split", "0.2"},
                                     {"training.evaluation.every_steps", "2"}})
        (void)setup.setSetting(QString::fromLatin1(key), QString::fromLatin1(value));
    setup.chooseModel(QStringLiteral("smollm2/135m-instruct"));
    setup.chooseData({pathToQt(data)});
}

/// As the work does when it has seen the flag.
void endIfCancelled(Job& job) {
    QTRY_VERIFY_WITH_TIMEOUT(job.cancelToken().isCancelled(), kPatienceMs);
    job.finish(Error{codes::kCancelled, "stopped"});
}

/// What a screen reader would have nothing to say about.
QStringList namelessWidgets(const QWidget& top) {
    QStringList nameless;
    for (const QWidget* widget : top.findChildren<QWidget*>()) {
        const bool isReached = widget->focusPolicy() != Qt::NoFocus && widget->isVisibleTo(&top);
        if (!isReached || widget->objectName().startsWith(QStringLiteral("qt_"))) continue;
        QAccessibleInterface* reader = QAccessible::queryAccessibleInterface(const_cast<QWidget*>(widget));
        const bool isTold = reader != nullptr && !reader->text(QAccessible::Name).isEmpty() &&
                            reader->role() != QAccessible::NoRole;
        if (!isTold)
            nameless.append(QStringLiteral("%1 '%2' in '%3'")
                                .arg(QString::fromLatin1(widget->metaObject()->className()),
                                     widget->objectName(), widget->parentWidget()->objectName()));
    }
    return nameless;
}

} // namespace

class TestMainWindow final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aStartWithoutAModelOffersTheThreeWays() {
        WindowGround ground;
        QVERIFY(ground.window->isFirstStartShown());
        for (const char* name : {"firstDownload", "firstImport", "lookAround"})
            QVERIFY2(ground.find<QPushButton>(name).isVisible(), name);
    }

    void havingLookedAroundItIsNotShownAgain() {
        WindowGround ground;
        ground.click("lookAround");
        QVERIFY(!ground.window->isFirstStartShown());
        ground.close();
        ground.open();
        QVERIFY(!ground.window->isFirstStartShown());
        ground.find<QAction>("actionFirstStart").trigger();
        QVERIFY(ground.window->isFirstStartShown());
    }

    void withAModelTheProgramOpensWithItsPages() {
        WindowGround ground(true);
        QVERIFY(!ground.window->isFirstStartShown());
        QCOMPARE(ground.window->place(), Place::Models);
    }

    void shortcutsLeadToEveryPlace() {
        WindowGround ground(true);
        const QList<QPair<Qt::Key, Place>> keys{
            {Qt::Key_2, Place::Downloads}, {Qt::Key_3, Place::Training},     {Qt::Key_4, Place::Chat},
            {Qt::Key_5, Place::Runs},      {Qt::Key_Comma, Place::Settings}, {Qt::Key_1, Place::Models}};
        const auto& pages = ground.find<QStackedWidget>("pages");
        for (const auto& [key, place] : keys) {
            ground.press(key, Qt::ControlModifier);
            QCOMPARE(ground.window->place(), place);
            QCOMPARE(pages.currentIndex(), static_cast<int>(place));
        }
    }

    void arrowsMoveInTheSideBar() {
        WindowGround ground(true);
        ground.find<QWidget>("place0").setFocus();
        ground.press(Qt::Key_Down);
        QCOMPARE(ground.window->place(), Place::Downloads);
        ground.press(Qt::Key_Up);
        ground.press(Qt::Key_Up);
        QCOMPARE(ground.window->place(), Place::Settings);
    }

    void placeAndLogAreRemembered() {
        WindowGround ground(true);
        ground.window->goTo(Place::Runs);
        ground.press(Qt::Key_F12);
        ground.close();
        ground.open();
        QCOMPARE(ground.window->place(), Place::Runs);
        QVERIFY(ground.find<LogDrawer>("logDrawer").isVisible());
    }

    void theLogIsShownFilteredAndCopied() {
        WindowGround ground(true);
        auto& drawer = ground.find<LogDrawer>("logDrawer");
        QVERIFY(!drawer.isVisible());
        ground.press(Qt::Key_F12);
        QVERIFY(drawer.isVisible());
        const auto sink = ground.session->log.sink();
        sink->write(LogLevel::Info, "jobs", "looked at the disk");
        sink->write(LogLevel::Warning, "jobs", "the disk is slow");
        const auto& view = ground.find<QTableView>("logView");
        QTRY_COMPARE_WITH_TIMEOUT(view.model()->rowCount(), 2, kPatienceMs);
        auto& level = ground.find<QComboBox>("logLevel");
        level.setFocus();
        ground.press(Qt::Key_Down);
        QCOMPARE(view.model()->rowCount(), 1);
        ground.click("logCopy");
        QVERIFY(
            QApplication::clipboard()->text().endsWith(QStringLiteral(" warning jobs: the disk is slow\n")));
        QTest::keyClicks(&ground.find<QLineEdit>("logSearch"), QStringLiteral("nothing of this"));
        QCOMPARE(view.model()->rowCount(), 0);
        ground.press(Qt::Key_F12);
        QVERIFY(!drawer.isVisible());
    }

    void workIsToldInTheStatusBarAndTheTitle() {
        WindowGround ground(true);
        const auto& words = ground.find<ElidedButton>("statusJob");
        Job& job = startJob(ground);
        job.setProgress(Progress{"reading", 340, 1000, "rows"});
        QCOMPARE(words.words(), QStringLiteral("Checking SmolLM2 · reading · 340 of 1,000 rows"));
        QCOMPARE(words.accessibleName(), words.words());
        QVERIFY(ground.window->windowTitle().startsWith(QStringLiteral("34 %")));
        ground.click("statusStop");
        QCOMPARE(job.state(), JobState::Stopping);
        job.finish(Error{codes::kDiskFull, "no room on the disk"});
        QCOMPARE(words.words(), QStringLiteral("Checking SmolLM2: no room on the disk"));
        QVERIFY(!ground.find<QWidget>("statusStop").isVisible());
    }

    void memoryIsTold() {
        WindowGround ground(true);
        const auto& words = ground.find<QLabel>("statusMemory");
        QTRY_VERIFY_WITH_TIMEOUT(words.text().contains(QStringLiteral(" of ")), kPatienceMs);
    }

    void theListOfJobsCancelsAndCopies() {
        WindowGround ground(true);
        Job& job = startJob(ground);
        ground.press(Qt::Key_J, Qt::ControlModifier);
        ground.await<JobsDialog>("jobsDialog");
        ground.click("copyJobCommand");
        QCOMPARE(QApplication::clipboard()->text(), job.commandLine());
        ground.click("cancelJob");
        QCOMPARE(job.state(), JobState::Stopping);
        job.finish(Error{codes::kCancelled, "stopped"});
        QTRY_VERIFY(!ground.find<QPushButton>("cancelJob").isEnabled());
    }

    void withoutWorkTheWindowCloses() {
        WindowGround ground(true);
        QSignalSpy closed(&*ground.window, &MainWindow::closed);
        ground.press(Qt::Key_Q, Qt::ControlModifier);
        QCOMPARE(closed.size(), 1);
        QVERIFY(!ground.window->isVisible());
        QVERIFY(!ground.window->hasStoppedWork());
    }

    void theManualIsReadAndSearched() {
        WindowGround ground(true);
        ground.press(Qt::Key_F1);
        auto& manual = ground.await<ManualDialog>("manualDialog");
        ground.find<QAction>("actionManual").trigger();
        QCOMPARE(ground.window->findChildren<ManualDialog*>().size(), 1);
        auto& text = ground.find<QTextBrowser>("manualText");
        auto& search = ground.find<QLineEdit>("manualSearch");
        QVERIFY(!ground.find<QPushButton>("manualBack").isEnabled());
        search.setFocus();
        QTest::keyClicks(&search, QStringLiteral("early stopping"));
        QCOMPARE(ground.find<QLabel>("manualNote").text(), QStringLiteral("not on this page"));
        QTest::keyClick(&search, Qt::Key_Return);
        QCOMPARE(text.source().fileName(), QStringLiteral("first_fine_tune.md"));
        QCOMPARE(text.textCursor().selectedText(), QStringLiteral("early stopping"));
        ground.click("manualBack");
        QCOMPARE(text.source().fileName(), QStringLiteral("index.md"));
        QVERIFY(ground.find<QPushButton>("manualForward").isEnabled());
        search.setText(QStringLiteral("there is no such word"));
        QTest::keyClick(&search, Qt::Key_Return);
        QCOMPARE(ground.find<QLabel>("manualNote").text(), QStringLiteral("not found"));
        QVERIFY2(namelessWidgets(manual).isEmpty(), qPrintable(namelessWidgets(manual).join(u'\n')));
        manual.close();
    }

    void everyPageOfTheManualIsThereWithWhatItShows() {
        const QDir shipped(QStringLiteral(":/manual"));
        const QDir written(QStringLiteral(LLAMAHOME_SOURCE_DIR "/docs/manual"));
        for (const char* folder : {".", "images"}) {
            const auto names = [folder](const QDir& dir) {
                return QDir(dir.filePath(QLatin1String(folder))).entryList(QDir::Files, QDir::Name);
            };
            QCOMPARE(names(shipped), names(written));
        }
        ManualDialog manual;
        auto* text = manual.findChild<QTextBrowser*>();
        for (const QString& page : shipped.entryList({QStringLiteral("*.md")}, QDir::Files)) {
            text->setSource(QUrl(QStringLiteral("qrc:/manual/") + page));
            QVERIFY2(text->document()->blockCount() > 3, qPrintable(page)); // read as Markdown
            for (QTextBlock block = text->document()->begin(); block.isValid(); block = block.next())
                for (auto part = block.begin(); !part.atEnd(); ++part) {
                    const QTextCharFormat format = part.fragment().charFormat();
                    const QString link = format.anchorHref();
                    const bool isLocal = !link.isEmpty() && !link.contains(u':');
                    QVERIFY2(!isLocal || shipped.exists(link),
                             qPrintable(page + QStringLiteral(": ") + link));
                    if (!format.isImageFormat()) continue;
                    const QUrl name(format.toImageFormat().name());
                    const auto picture = text->document()->resource(QTextDocument::ImageResource, name);
                    QVERIFY2(!picture.value<QImage>().isNull(), qPrintable(name.toString()));
                }
        }
    }

    void cancelKeepsTheWindowAndTheWork() {
        WindowGround ground(true);
        Job& job = startJob(ground);
        QSignalSpy closed(&*ground.window, &MainWindow::closed);
        ground.window->close();
        auto& question = ground.await<QMessageBox>("closeQuestion");
        QVERIFY(question.informativeText().contains(QStringLiteral("Checking SmolLM2")));
        ground.click("cancelClose");
        QTRY_VERIFY(ground.window->findChild<QMessageBox*>(QStringLiteral("closeQuestion")) == nullptr);
        QVERIFY(ground.window->isVisible());
        QCOMPARE(job.state(), JobState::Running);
        QCOMPARE(closed.size(), 0);
        job.finish({});
    }

    void theQuestionSpeaksOfWhatIsRunning() {
        WindowGround ground(true);
        const auto asked = [&ground](const QList<JobKind>& kinds) {
            QList<Job*> jobs;
            for (const JobKind kind : kinds)
                jobs << &ground.session->context.jobs.start(kind, QStringLiteral("work"));
            ground.window->close();
            QString text = ground.await<QMessageBox>("closeQuestion").informativeText();
            text += ground.find<QPushButton>("stopAndSave").text();
            ground.click("cancelClose");
            for (Job* job : jobs)
                job->finish({});
            ground.waitFor([&ground] {
                return ground.window->findChild<QMessageBox*>(QStringLiteral("closeQuestion")) == nullptr;
            });
            return text;
        };
        const QString checking = asked({JobKind::Verify, JobKind::Verify});
        QCOMPARE(checking.count(QStringLiteral("A stopped check changes nothing.")), 1);
        QVERIFY2(checking.endsWith(QStringLiteral("&Stop and close")), qPrintable(checking));
        const QString talking = asked({JobKind::Chat, JobKind::Import});
        QVERIFY2(talking.contains(QStringLiteral("A stopped answer is kept")), qPrintable(talking));
        QVERIFY2(talking.contains(QStringLiteral("A stopped import keeps nothing")), qPrintable(talking));
        QVERIFY2(!talking.contains(QStringLiteral("training")), qPrintable(talking));
        QVERIFY2(talking.endsWith(QStringLiteral("&Stop, save and close")), qPrintable(talking));
    }

    void keepRunningLetsTheWorkGoOn() {
        WindowGround ground(true);
        Job& job = startJob(ground);
        QSignalSpy closed(&*ground.window, &MainWindow::closed);
        ground.window->close();
        ground.await<QMessageBox>("closeQuestion");
        ground.click("keepRunning");
        QTRY_VERIFY(ground.window->isMinimized() || !ground.window->isVisible());
        QCOMPARE(job.state(), JobState::Running);
        QCOMPARE(closed.size(), 0);
        ground.window->comeForward();
        QVERIFY(ground.window->isVisible() && !ground.window->isMinimized());
        job.finish({});
    }

    void closingATrainingAsksWhatItKeeps() {
        WindowGround ground(true);
        StepGate gate;
        const auto atTheEnd = qScopeGuard([&gate] { gate.open(); }); // whatever fails, nothing waits for ever
        gate.holdBefore(4);
        ground.ground.engine.script().beforeStep = [&gate](std::int64_t step) { gate.pass(step); };
        auto& training = ground.session->training;
        chooseShortRun(ground);
        QVERIFY(WindowGround::waitFor([&] { return training.state() == managers::TrainingState::Ready; }));
        training.start();
        QVERIFY(WindowGround::waitFor([&] { return gate.isReached() && isStopAsked(training); }));
        QSignalSpy closed(&*ground.window, &MainWindow::closed);
        ground.window->close();
        const auto& question = ground.await<QMessageBox>("closeQuestion");
        QVERIFY2(question.informativeText().contains(stopWords(training)),
                 qPrintable(question.informativeText()));
        ground.click("stopForLater");
        gate.open();
        QTRY_COMPARE_WITH_TIMEOUT(closed.size(), 1, kPatienceMs);
        QVERIFY(training.summary() && training.summary()->adapterName.empty());
    }

    void closingWithAQueueAsksOnceAndBeginsNothingMore() {
        WindowGround ground(true);
        StepGate gate;
        const auto atTheEnd = qScopeGuard([&gate] { gate.open(); });
        gate.holdBefore(4);
        ground.ground.engine.script().beforeStep = [&gate](std::int64_t step) { gate.pass(step); };
        auto& training = ground.session->training;
        chooseShortRun(ground);
        QVERIFY(WindowGround::waitFor([&] { return training.state() == managers::TrainingState::Ready; }));
        training.start();
        QVERIFY(WindowGround::waitFor([&] { return gate.isReached() && isStopAsked(training); }));
        training.queue().add(training.setup().choice());
        QSignalSpy closed(&*ground.window, &MainWindow::closed);
        QSignalSpy ended(&training, &managers::TrainingManager::runEnded);
        ground.window->close();
        const QString text = ground.await<QMessageBox>("closeQuestion").informativeText();
        QVERIFY2(text.contains(QStringLiteral("1 training in the queue waits")), qPrintable(text));
        ground.click("stopForLater");
        gate.open();
        QTRY_COMPARE_WITH_TIMEOUT(closed.size(), 1, kPatienceMs);
        QCOMPARE(ended.size(), 1);
        QCOMPARE(training.queue().waiting(), std::size_t(1));
        QVERIFY(training.queue().isHeld());
    }

    void stopAndSaveClosesWhenTheWorkHasEnded() {
        WindowGround ground(true);
        Job& job = startJob(ground);
        QSignalSpy closed(&*ground.window, &MainWindow::closed);
        ground.window->close();
        ground.await<QMessageBox>("closeQuestion");
        ground.click("stopAndSave");
        QCOMPARE(job.state(), JobState::Stopping);
        QCOMPARE(closed.size(), 0);
        QVERIFY(ground.window->isVisible());
        endIfCancelled(job);
        QTRY_COMPARE_WITH_TIMEOUT(closed.size(), 1, kPatienceMs);
        QVERIFY(ground.window->hasStoppedWork());
    }

    void aSignalStopsWorkWithoutAsking() {
        WindowGround ground(true);
        Job& job = startJob(ground);
        QSignalSpy closed(&*ground.window, &MainWindow::closed);
        ground.window->leave();
        QVERIFY(ground.window->findChild<QMessageBox*>(QStringLiteral("closeQuestion")) == nullptr);
        endIfCancelled(job);
        QTRY_COMPARE_WITH_TIMEOUT(closed.size(), 1, kPatienceMs);
    }

    void theEndOfTheSessionStopsWorkWithoutAsking() {
        WindowGround ground(true);
        Job& job = startJob(ground);
        QSignalSpy closed(&*ground.window, &MainWindow::closed);
        ground.window->findChild<LeaveGuard*>()->endSession();
        QCOMPARE(job.state(), JobState::Stopping);
        ground.window->close();
        QCOMPARE(closed.size(), 1);
        job.finish(Error{codes::kCancelled, "stopped"});
    }

    void aCalledOffLogoutLeavesTheQuestionForWorkThatBeginsAfterIt() {
        WindowGround ground(true);
        QSignalSpy closed(&*ground.window, &MainWindow::closed);
        ground.window->findChild<LeaveGuard*>()->endSession();
        Job& job = startJob(ground);
        ground.window->close();
        ground.await<QMessageBox>("closeQuestion");
        QCOMPARE(closed.size(), 0);
        QCOMPARE(job.state(), JobState::Running);
        job.finish({});
    }

    void aLookAtAFileDoesNotCallTheLogoutOff() {
        WindowGround ground(true);
        Job& job = startJob(ground);
        QSignalSpy closed(&*ground.window, &MainWindow::closed);
        ground.window->findChild<LeaveGuard*>()->endSession();
        Job& look = ground.session->context.jobs.start(JobKind::Inspect, QStringLiteral("Checking data"));
        ground.window->close();
        QCOMPARE(closed.size(), 1);
        look.finish({});
        job.finish(Error{codes::kCancelled, "stopped"});
    }

    void settingsThatAShellChangedAreThereWhenTheWindowIsActiveAgain() {
        WindowGround ground(true);
        QApplication::setActiveWindow(nullptr);
        std::filesystem::create_directories(ground.ground.config());
        QVERIFY(writeFileAtomically(systemFiles(), ground.ground.config() / "training_config.yaml",
                                    "training: {seed: 7}\n"));
        QApplication::setActiveWindow(&*ground.window);
        QTRY_COMPARE_WITH_TIMEOUT(ground.session->settings.settings().training.seed, 7, kPatienceMs);
    }

    void aRunIsTrainedAgainWithItsSettings() {
        WindowGround ground(true);
        ground.close();
        trainRun(ground.ground, {"first", 1e-3, 0});
        ground.open();
        ground.window->goTo(Place::Runs);
        auto& again = ground.find<QAction>("trainAgain");
        QTRY_VERIFY_WITH_TIMEOUT(again.isEnabled() &&
                                     ground.find<QLabel>("runTitle").text() == QStringLiteral("first"),
                                 kPatienceMs);
        again.trigger();
        QCOMPARE(ground.window->place(), Place::Training);
        auto& training = ground.session->training;
        QTRY_COMPARE_WITH_TIMEOUT(training.state(), managers::TrainingState::Ready, kPatienceMs);
        QCOMPARE(training.setup().modelName(), QStringLiteral("smollm2/135m-instruct"));
        QCOMPARE(training.setup().dataFiles(),
                 QStringList{pathToQt(ground.ground.folder() / "questions.jsonl")});
        const auto& settings = training.setup().settings().training;
        QCOMPARE(settings.learning_rate, 1e-3);
        QCOMPARE(settings.max_steps, 6);
        QCOMPARE(settings.lora.r, 2);
    }

    void modelsAndDataAreTakenWhereverTheyAreDropped() {
        WindowGround ground;
        ground.window->goTo(Place::Chat);
        ground.drop({pathToQt(ground.ground.folder() / "rows.jsonl")});
        QCOMPARE(ground.window->place(), Place::Training);
        ground.drop({pathToQt(ground.ground.source())});
        QCOMPARE(ground.window->place(), Place::Models);
        QTRY_VERIFY_WITH_TIMEOUT(
            ground.window->findChild<QDialog*>(QStringLiteral("importDialog")) != nullptr, kPatienceMs);
    }

    void theReportIsSavedWhereTheUserSays() {
        WindowGround ground(true);
        ground.find<QAction>("actionReport").trigger();
        auto& dialog = ground.await<QFileDialog>("reportDialog");
        const auto file = ground.ground.folder() / "report.txt";
        dialog.selectFile(pathToQt(file));
        QMetaObject::invokeMethod(&dialog, "accept");
        const MayBlock here;
        QTRY_VERIFY_WITH_TIMEOUT(fileSize(file), kPatienceMs);
        QVERIFY(readFile(file)->starts_with("LlamaHome 0.1.0\n"));
    }

    void aboutNamesVersionAndLicences() {
        WindowGround ground(true);
        ground.find<QAction>("actionAbout").trigger();
        ground.await<QDialog>("aboutDialog");
        const auto text = [&](const char* name) { return ground.find<QTextEdit>(name).toPlainText(); };
        QVERIFY(text("noticesText").contains(QStringLiteral("libtorch")));
        QVERIFY(text("licenceText").contains(QStringLiteral("GNU GENERAL PUBLIC LICENSE")));
    }

    void everyWidgetThatTheKeyboardReachesHasANameAndARole() {
        WindowGround ground(true);
        ground.press(Qt::Key_F12);
        for (int place = 0; place <= static_cast<int>(Place::Settings); ++place) {
            ground.window->goTo(static_cast<Place>(place));
            QTest::qWait(0);
            const QStringList nameless = namelessWidgets(*ground.window);
            QVERIFY2(nameless.isEmpty(),
                     QStringLiteral("place %1: %2").arg(place).arg(nameless.join(u'\n')).toUtf8());
        }
    }

    void theWindowFitsASmallScreen() {
        WindowGround ground(true);
        for (int place = 0; place <= static_cast<int>(Place::Settings); ++place) {
            ground.window->goTo(static_cast<Place>(place));
            const QSize least = ground.window->minimumSizeHint().expandedTo(ground.window->minimumSize());
            QVERIFY2(least.width() <= 1024 && least.height() <= 700, QStringLiteral("place %1 needs %2 × %3")
                                                                         .arg(place)
                                                                         .arg(least.width())
                                                                         .arg(least.height())
                                                                         .toUtf8());
        }
    }
};

QTEST_MAIN(TestMainWindow)
#include "test_main_window.moc"
