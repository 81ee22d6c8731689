// The page of runs in a window of its own.
#include <algorithm>
#include <fstream>
#include <memory>
#include <set>

#include <QAbstractButton>
#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QGraphicsScene>
#include <QGraphicsTextItem>
#include <QGraphicsView>
#include <QHeaderView>
#include <QImage>
#include <QInputDialog>
#include <QLabel>
#include <QListWidget>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabWidget>
#include <QTableView>
#include <QTableWidget>
#include <QTest>

#include "core/blocking.h"
#include "core/file_layer.h"
#include "items/run_table.h"
#include "managers/model_manager.h"
#include "managers/run_manager.h"
#include "managers/settings_manager.h"
#include "managers/text.h"
#include "managers/training_manager.h"
#include "support/manager_ground.h"
#include "support/step_gate.h"
#include "support/trained_run.h"
#include "widgets/charts/metric_chart.h"
#include "widgets/message_bar.h"
#include "widgets/run_chart.h"
#include "widgets/run_comparison.h"
#include "widgets/run_details.h"
#include "widgets/run_remove_dialog.h"
#include "widgets/runs_pane.h"

using namespace llamahome;
using namespace llamahome::testing;
using namespace llamahome::widgets;
using items::RunTable;
namespace fs = std::filesystem;

namespace {

struct Place {
    ManagerGround ground;
    WindowMemory memory{{}};
    std::unique_ptr<managers::ManagerContext> context;
    std::unique_ptr<managers::SettingsManager> settings;
    std::unique_ptr<managers::ModelManager> models;
    std::unique_ptr<managers::TrainingManager> training;
    std::unique_ptr<managers::RunManager> runs;
    std::unique_ptr<RunsPane> pane;

    /// "first", finished, and "second", stopped; unless empty.
    explicit Place(bool isEmpty = false) {
        ground.install();
        if (!isEmpty) {
            trainRun(ground, {"first", 2e-4, 0});
            trainRun(ground, {"second", 1e-3, 4});
            std::ofstream(folder("first") / "run.log") << "a line of the log\n";
        }
        context = std::make_unique<managers::ManagerContext>(ground.workspace());
        settings = std::make_unique<managers::SettingsManager>(*context);
        models = std::make_unique<managers::ModelManager>(*context);
        training = std::make_unique<managers::TrainingManager>(*context, *models, *settings);
        runs = std::make_unique<managers::RunManager>(*context);
        pane = std::make_unique<RunsPane>(*runs, *training, memory);
        pane->resize(1024, 640);
        pane->show();
        QApplication::setActiveWindow(pane.get());
        if (!QTest::qWaitForWindowActive(pane.get())) qFatal("no window");
        if (!QTest::qWaitFor([this] { return runs->isListed(); }, kPatienceMs)) qFatal("no list came");
    }
    ~Place() {
        pane.reset();
        runs.reset();
        training.reset();
        models.reset();
        settings.reset();
        context.reset();
        if (!ground.files.violations().empty())
            qFatal("on the GUI thread: %s", ground.files.violations().front().c_str());
    }

    template <typename Widget>
    Widget* find(const char* name) const {
        auto* found = pane->findChild<Widget*>(QString::fromLatin1(name));
        if (found == nullptr) qFatal("no '%s'", name);
        return found;
    }
    fs::path folder(const char* name) const { return ground.root() / "data/training/checkpoints" / name; }
    QTableView* table() const { return find<QTableView>("runTable"); }
    QModelIndex rowOf(const char* name, int column = RunTable::Name) const {
        for (int row = 0; row < table()->model()->rowCount(); ++row) {
            const QModelIndex index = table()->model()->index(row, column);
            if (index.data(RunTable::NameRole).toString() == QLatin1String(name)) return index;
        }
        return {};
    }
    void clickRow(const char* name, Qt::KeyboardModifiers modifiers = Qt::NoModifier) const {
        QTest::mouseClick(table()->viewport(), Qt::LeftButton, modifiers,
                          table()->visualRect(rowOf(name)).center());
    }
    /// Clicks a run and waits for its details.
    bool open(const char* name) const {
        clickRow(name);
        return QTest::qWaitFor([&] { return find<QLabel>("runTitle")->text() == QLatin1String(name); },
                               kPatienceMs);
    }
    void click(const char* name) const {
        QTest::mouseClick(
            find<RunDetailsView>("runDetails")->findChild<QAbstractButton*>(QString::fromLatin1(name)),
            Qt::LeftButton);
    }
};

} // namespace

class TestRunsPane final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void withoutRunsThePageLeadsToTraining() {
        Place place(true);
        QSignalSpy wanted(place.pane.get(), &RunsPane::trainingRequested);
        QTRY_VERIFY(place.find<QPushButton>("toTrainingButton")->isVisible());
        QTest::mouseClick(place.find<QPushButton>("toTrainingButton"), Qt::LeftButton);
        QCOMPARE(wanted.size(), 1);
    }

    void runsAreListedInWords() {
        Place place;
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        const auto text = [&](const char* name, int column) {
            return place.rowOf(name, column).data().toString();
        };
        QCOMPARE(text("first", RunTable::State), QStringLiteral("finished"));
        QCOMPARE(text("second", RunTable::State), QStringLiteral("stopped"));
        QCOMPARE(text("first", RunTable::Model), QStringLiteral("smollm2/135m-instruct"));
        QCOMPARE(text("first", RunTable::Data), QStringLiteral("questions.jsonl"));
        QVERIFY(!text("first", RunTable::BestLoss).isEmpty());
        QVERIFY(!text("first", RunTable::Size).isEmpty());
    }

    void columnsSortByWhatTheyMean() {
        Place place;
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        auto* header = place.table()->horizontalHeader();
        place.table()->sortByColumn(RunTable::BestLoss, Qt::AscendingOrder);
        QCOMPARE(place.rowOf("first").row(), 0); // six steps are better than three
        const int x = header->sectionViewportPosition(RunTable::BestLoss) + 8;
        QTest::mouseClick(header->viewport(), Qt::LeftButton, {}, QPoint(x, header->height() / 2));
        QCOMPARE(place.rowOf("first").row(), 1);
    }

    void aRunOpensWithCurvesSettingsAnswersAndLog() {
        Place place;
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        QVERIFY(place.open("first"));
        QVERIFY(place.find<QLabel>("runState")->text().startsWith(QStringLiteral("finished")));
        auto* chart =
            place.find<RunDetailsView>("runDetails")->findChild<MetricChart*>(QStringLiteral("runChart"));
        QVERIFY(chart);
        QTRY_COMPARE(place.runs->metrics().columns().lastStep(), std::int64_t{6});
        chart->redraw();
        QVERIFY(chart->drawnPoints(0) > 1);
        auto* table = place.find<QTableWidget>("runSettings");
        const auto found = table->findItems(QStringLiteral("training.learning_rate"), Qt::MatchExactly);
        QCOMPARE(found.size(), 1);
        QStringList answers;
        for (const auto* label : place.find<QScrollArea>("answersView")->findChildren<QLabel*>())
            answers << label->text();
        QVERIFY(answers.contains(QStringLiteral("Before training")));
        QVERIFY(answers.contains(QStringLiteral("After training")));
        QCOMPARE(place.find<QPlainTextEdit>("runLog")->toPlainText(), QStringLiteral("a line of the log\n"));
    }

    void aStoppedRunCanBeContinuedAndAFinishedOneTalkedTo() {
        Place place;
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        QSignalSpy continued(place.pane.get(), &RunsPane::continueRequested);
        QSignalSpy talked(place.pane.get(), &RunsPane::chatRequested);
        QVERIFY(place.open("first"));
        QVERIFY(!place.find<QPushButton>("continueButton")->isVisible());
        place.click("chatButton");
        QCOMPARE(talked.size(), 1);
        QCOMPARE(talked.front()[0].toString(), QStringLiteral("smollm2/135m-instruct"));
        QVERIFY(talked.front()[1].toString().startsWith(QStringLiteral("smollm2_135m-instruct_finetuned")));
        QVERIFY(place.open("second"));
        QVERIFY(place.find<QPushButton>("continueButton")->isVisible());
        place.click("continueButton");
        QCOMPARE(continued.front()[0].toString(), QStringLiteral("second"));
        place.click("copyCommandButton");
        QVERIFY(QApplication::clipboard()->text().contains(QStringLiteral("resume second")));
        QCOMPARE(place.find<QAbstractButton>("copyCommandButton")->text(), QStringLiteral("Copied"));
    }

    void severalRunsAreCompared() {
        Place place;
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        QVERIFY(place.open("first"));
        place.clickRow("second", Qt::ControlModifier);
        auto* table = place.find<QTableWidget>("differenceTable");
        QTRY_VERIFY(table->isVisible());
        const auto found = table->findItems(QStringLiteral("training.learning_rate"), Qt::MatchExactly);
        QCOMPARE(found.size(), 1);
        QCOMPARE(table->columnCount(), 3);
    }

    void theCurvesHaveALogarithmicAxisATableAndAPicture() {
        Place place;
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        QVERIFY(place.open("first"));
        auto* details = place.find<RunDetailsView>("runDetails");
        auto* chart = details->findChild<MetricChart*>(QStringLiteral("runChart"));
        QTRY_VERIFY_WITH_TIMEOUT(chart->drawnPoints(0) == 6, kPatienceMs);
        place.click("runLogarithmic");
        QVERIFY(chart->isLogarithmic());
        auto* numbers = details->findChild<QTableView*>(QStringLiteral("runNumbers"));
        QVERIFY(!numbers->isVisible());
        QCOMPARE(numbers->model()->rowCount(), 0); // nothing is read before it is shown
        place.click("runAsTable");
        QVERIFY(numbers->isVisible() && !chart->isVisible());
        QCOMPARE(numbers->model()->columnCount(), 4); // step, train, smoothed, eval
        QCOMPARE(numbers->model()->rowCount(), 7);
        QVERIFY(!details->findChild<QAction*>(QStringLiteral("savePicture"))->isEnabled());
        place.click("runAsTable");
        details->findChild<QAction*>(QStringLiteral("savePicture"))->trigger();
        const fs::path file = place.ground.folder() / "curves.png";
        auto* dialog = details->findChild<QFileDialog*>(QStringLiteral("chartDialog"));
        dialog->selectFile(managers::pathToQt(file));
        QMetaObject::invokeMethod(dialog, "accept");
        auto* bar = place.find<MessageBar>("messageBar");
        QTRY_VERIFY_WITH_TIMEOUT(bar->text().contains(QStringLiteral("curves.png")), kPatienceMs);
        const MayBlock here;
        const QImage picture(managers::pathToQt(file));
        QVERIFY(picture.width() >= chart->width() && picture.height() >= chart->height());
    }

    void comparedRunsHaveATableAndAFileOfNumbers() {
        Place place;
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        QVERIFY(place.open("first"));
        place.clickRow("second", Qt::ControlModifier);
        auto* differences = place.find<QTableWidget>("differenceTable");
        QTRY_VERIFY(differences->isVisible());
        QWidget* view = differences->window()->findChild<RunComparisonView*>();
        auto* asTable = view->findChild<QAbstractButton*>(QStringLiteral("runAsTable"));
        QTest::mouseClick(asTable, Qt::LeftButton);
        const auto* model = view->findChild<QTableView*>(QStringLiteral("runNumbers"))->model();
        QTRY_VERIFY_WITH_TIMEOUT(model->rowCount() == 4, kPatienceMs); // measured at 0, 2, 4 and 6
        QCOMPARE(model->headerData(1, Qt::Horizontal).toString(), QStringLiteral("first"));
        QVERIFY(!model->index(3, 1).data().toString().isEmpty());
        QVERIFY(model->index(3, 2).data().toString().isEmpty()); // stopped after three
        view->findChild<QAction*>(QStringLiteral("saveNumbers"))->trigger();
        const fs::path file = place.ground.folder() / "compared.csv";
        auto* dialog = view->findChild<QFileDialog*>(QStringLiteral("chartDialog"));
        dialog->selectFile(managers::pathToQt(file));
        QMetaObject::invokeMethod(dialog, "accept");
        auto* bar = place.find<MessageBar>("messageBar");
        QTRY_VERIFY_WITH_TIMEOUT(bar->text().contains(QStringLiteral("compared.csv")), kPatienceMs);
        const MayBlock here;
        const auto text = readFile(file);
        QVERIFY(text && text->starts_with("step,first,second\n0,"));
    }

    void manyRunsAreToldApartByMoreThanColours() {
        RunChart chart;
        std::vector<managers::MetricStore> stores(30);
        std::vector<RunChart::Run> runs;
        for (std::size_t i = 0; i < 12; ++i)
            runs.push_back({QStringLiteral("run %1").arg(i), &stores[i]});
        chart.showRuns(runs);
        auto* curves = chart.findChild<MetricChart*>(QStringLiteral("runChart"));
        std::set<std::pair<QRgb, int>> looks;
        for (int i = 0; i < curves->lineCount(); ++i)
            looks.emplace(curves->lineAt(i).color.rgb(), static_cast<int>(curves->lineAt(i).dash));
        QCOMPARE(looks.size(), std::size_t{12});
        for (std::size_t i = 12; i < stores.size(); ++i)
            runs.push_back({QStringLiteral("run %1").arg(i), &stores[i]});
        chart.showRuns(runs);
        QCOMPARE(curves->lineCount(), 25);
        QVERIFY(curves->readout().endsWith(QStringLiteral("the first 25 of 30 runs")));
    }

    void aLineOfOnePointIsADot() {
        const QColor color(200, 0, 100);
        managers::MetricStore store;
        MetricChart chart;
        chart.setColors({Qt::white, Qt::black, Qt::darkGray, Qt::lightGray, Qt::darkGreen});
        chart.addLine(store, {QStringLiteral("train"), managers::Metric::TrainLoss, color, 1.0, Qt::SolidLine,
                              ChartMarker::None});
        chart.resize(400, 300);
        chart.show();
        const auto pixels = [&] {
            chart.redraw();
            const QImage image = chart.findChild<QGraphicsView*>()->grab().toImage();
            int count = 0;
            for (int y = 0; y < image.height(); ++y)
                for (int x = 0; x < image.width(); ++x)
                    count += image.pixelColor(x, y) == color ? 1 : 0;
            return count;
        };
        QCOMPARE(pixels(), 0);
        managers::MetricSample sample;
        sample.point.step = 1;
        sample.point.trainLoss = 1.5;
        store.append({sample});
        QVERIFY(pixels() > 20);
    }

    void theAxesHaveTitles() {
        Place place;
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        QVERIFY(place.open("first"));
        const auto* chart =
            place.find<RunDetailsView>("runDetails")->findChild<MetricChart*>(QStringLiteral("runChart"));
        const auto* view = chart->findChild<QGraphicsView*>();
        const auto has = [view](const char* title) {
            const auto items = view->scene()->items();
            return std::any_of(items.begin(), items.end(), [title](const QGraphicsItem* item) {
                const auto* text = qgraphicsitem_cast<const QGraphicsTextItem*>(item);
                return text != nullptr && text->toPlainText() == QLatin1String(title);
            });
        };
        QTRY_VERIFY(has("Step") && has("Loss"));
    }

    void numbersThatCannotBeReadAreTold() {
        Place place;
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        QVERIFY(place.open("first"));
        fs::remove(place.folder("second") / "metrics.jsonl");
        fs::create_directory(place.folder("second") / "metrics.jsonl");
        QVERIFY(place.open("second"));
        auto* bar = place.find<MessageBar>("messageBar");
        QTRY_VERIFY(bar->text().contains(QStringLiteral("metrics.jsonl")));
    }

    void theNumbersAreExportedWhereTheUserSays() {
        Place place;
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        QVERIFY(place.open("first"));
        place.find<QAction>("exportNumbers")->trigger();
        auto* dialog = place.find<QFileDialog>("exportDialog");
        const fs::path file = place.ground.folder() / "numbers.csv";
        dialog->selectFile(managers::pathToQt(file));
        QMetaObject::invokeMethod(dialog, "accept");
        auto* bar = place.find<MessageBar>("messageBar");
        QTRY_VERIFY(bar->text().contains(QStringLiteral("numbers.csv")));
        QVERIFY(fs::exists(file));
    }

    void aRunIsEvaluatedAndItsResultShown() {
        Place place;
        place.ground.engine.script().answer = "<b>One</b> more: it is 5";
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        QVERIFY(place.open("second"));
        QVERIFY(!place.find<QPushButton>("evaluateButton")->isVisible() ||
                !place.runs->find(QStringLiteral("second"))->record.adapterFolder.empty());
        QVERIFY(place.open("first"));
        place.click("evaluateButton"); // never was: it begins
        auto* view = place.find<QWidget>("evaluationView");
        QVERIFY(view->isVisible());
        QVERIFY(place.runs->evaluator().job() != nullptr);
        auto* figures = place.find<QTableWidget>("evaluationFigures");
        QTRY_VERIFY(figures->isVisible());
        QCOMPARE(figures->item(0, 1)->text(), QStringLiteral("2"));
        QCOMPARE(figures->item(1, 1)->text(), QStringLiteral("1.5"));
        QCOMPARE(figures->item(1, 2)->text(), QStringLiteral("4.4817"));
        auto* rows = place.find<QTableWidget>("evaluationRows");
        QCOMPARE(rows->rowCount(), 4); // the two that the run kept, worst and best
        QVERIFY(rows->item(0, 4)->text().contains(QStringLiteral("What is")));
        QStringList words;
        for (const auto* label : place.find<QWidget>("evaluationAnswers")->findChildren<QLabel*>())
            words << label->text();
        QCOMPARE(words.count(QStringLiteral("<b>One</b> more: it is 5")), 4); // two questions, both sides
        QVERIFY(words.contains(QStringLiteral("In the data")));
        QVERIFY(place.find<MessageBar>("messageBar")->text().contains(QStringLiteral("first is evaluated")));
        auto* again = place.find<QPushButton>("beginEvaluation");
        QTRY_VERIFY(again->isEnabled());
        QCOMPARE(again->text(), QStringLiteral("Evaluate again"));
    }

    void anEvaluationTakesAFileAndCanBeStopped() {
        Place place;
        StepGate gate;
        place.ground.engine.script().beforeToken = [&gate](std::size_t) { gate.pass(1); };
        gate.holdBefore(1);
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        place.pane->openEvaluation(QStringLiteral("first"));
        QTRY_VERIFY(place.runs->evaluator().job() != nullptr);
        QTRY_VERIFY(place.find<QPushButton>("stopEvaluation")->isVisible());
        QTRY_VERIFY(gate.isReached());
        QTest::mouseClick(place.find<QPushButton>("stopEvaluation"), Qt::LeftButton);
        gate.open();
        QTRY_VERIFY(place.runs->evaluator().job() == nullptr);
        QVERIFY(!fs::exists(place.folder("first") / "evaluation.json"));
        place.find<QSpinBox>("answerRows")->setValue(0);
        const fs::path file = place.ground.folder() / "own.jsonl";
        std::ofstream(file) << "{\"question\":\"Who?\",\"answer\":\"Me\"}\n";
        QTest::mouseClick(place.find<QPushButton>("chooseEvaluationFile"), Qt::LeftButton);
        auto* dialog = place.find<QFileDialog>("evaluationFileDialog");
        dialog->selectFile(managers::pathToQt(file));
        QMetaObject::invokeMethod(dialog, "accept");
        QTRY_COMPARE(place.find<QLabel>("evaluationSource")->text(), QStringLiteral("own.jsonl"));
        QTest::mouseClick(place.find<QPushButton>("beginEvaluation"), Qt::LeftButton);
        QTRY_VERIFY(
            place.find<QLabel>("evaluationCounts")->text().startsWith(QStringLiteral("1 row of own.jsonl")));
    }

    void aReportIsSavedWhereTheUserSays() {
        Place place;
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        QVERIFY(place.open("first"));
        place.click("reportButton");
        auto* dialog = place.find<QFileDialog>("runReportDialog");
        const fs::path file = place.ground.folder() / "first.html";
        dialog->selectFile(managers::pathToQt(file));
        QMetaObject::invokeMethod(dialog, "accept");
        auto* bar = place.find<MessageBar>("messageBar");
        QTRY_VERIFY(bar->text().contains(QStringLiteral("first.html")));
        const MayBlock here;
        const auto html = readFile(file);
        QVERIFY(html && html->find("<svg") != std::string::npos);
    }

    void aRunCarriesANoteOfThePersonWhoTrainedIt() {
        Place place;
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        QVERIFY(place.open("first"));
        QSignalSpy kept(place.runs.get(), &managers::RunManager::noteKept);
        auto* note = place.find<QPlainTextEdit>("runNote");
        place.find<QTabWidget>("runTabs")->setCurrentWidget(note);
        note->setFocus();
        QTest::keyClicks(note, QStringLiteral("too few rows"));
        QVERIFY(place.open("second")); // before the rest after the last key
        QTRY_COMPARE(kept.size(), 1);
        QCOMPARE(note->toPlainText(), QString());
        QVERIFY(place.open("first"));
        QCOMPARE(note->toPlainText(), QStringLiteral("too few rows"));
        const MayBlock here;
        QCOMPARE(*readFile(place.folder("first") / "note.txt"), std::string("too few rows"));
    }

    void undoInANoteNeverBringsWordsFromAnotherRun() {
        Place place;
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        QVERIFY(place.open("first"));
        auto* note = place.find<QPlainTextEdit>("runNote");
        place.find<QTabWidget>("runTabs")->setCurrentWidget(note);
        note->setFocus();
        QTest::keyClicks(note, QStringLiteral("abc"));
        for (int i = 0; i < 3; ++i)
            QTest::keyClick(note, Qt::Key_Backspace);
        QVERIFY(note->document()->isUndoAvailable());
        QVERIFY(place.open("second"));
        note->setFocus();
        QTest::keyClick(note, Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(note->toPlainText(), QString());
    }

    void aRunIsRemovedAfterItsFilesAndBytesAreNamed() {
        Place place;
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        QVERIFY(place.open("first"));
        place.click("removeButton");
        QTRY_VERIFY(place.pane->findChild<RunRemoveDialog*>());
        auto* dialog = place.find<RunRemoveDialog>("runRemoveDialog");
        QVERIFY(dialog->findChild<QListWidget*>(QStringLiteral("fileList"))->count() > 3);
        auto* erase = dialog->findChild<QPushButton*>(QStringLiteral("deleteButton"));
        QVERIFY2(erase->text().contains(QStringLiteral("B")), qPrintable(erase->text()));
        QVERIFY(!erase->isDefault());
        QTest::mouseClick(erase, Qt::LeftButton);
        QTRY_COMPARE(place.table()->model()->rowCount(), 1);
        QVERIFY(!fs::exists(place.folder("first")));
        auto* bar = place.find<MessageBar>("messageBar");
        QTRY_VERIFY(bar->isVisible());
        QVERIFY(bar->text().contains(QStringLiteral("freed")));
    }

    void cancellingRemovesNothing() {
        Place place;
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        QVERIFY(place.open("second"));
        place.table()->setFocus();
        QTest::keyClick(place.table(), Qt::Key_Delete);
        QTRY_VERIFY(place.pane->findChild<RunRemoveDialog*>());
        auto* dialog = place.find<RunRemoveDialog>("runRemoveDialog");
        QTest::keyClick(dialog, Qt::Key_Escape);
        QTRY_VERIFY(!place.pane->findChild<RunRemoveDialog*>());
        QVERIFY(fs::exists(place.folder("second") / "run.json"));
        QCOMPARE(place.table()->model()->rowCount(), 2);
    }

    void f2RenamesARunWhichStaysChosen() {
        Place place;
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        QVERIFY(place.open("second"));
        const auto rename = [&](const char* text) {
            QApplication::setActiveWindow(place.pane.get());
            place.table()->setFocus();
            QTRY_VERIFY(place.table()->hasFocus());
            QTest::keyClick(place.table(), Qt::Key_F2);
            QTRY_VERIFY(place.pane->findChild<QInputDialog*>());
            auto* dialog = place.find<QInputDialog>("renameRunDialog");
            QCOMPARE(dialog->textValue(), QStringLiteral("second"));
            dialog->setTextValue(QString::fromLatin1(text));
            QTest::keyClick(dialog, Qt::Key_Return);
            QTRY_VERIFY(!place.pane->findChild<QInputDialog*>());
        };
        auto* bar = place.find<MessageBar>("messageBar");
        rename("no/name");
        QTRY_VERIFY_WITH_TIMEOUT(bar->text().contains(QStringLiteral("no/name")), kPatienceMs);
        QVERIFY(fs::exists(place.folder("second")));
        rename("recipes");
        const auto* title = place.find<QLabel>("runTitle");
        QTRY_COMPARE_WITH_TIMEOUT(title->text(), QStringLiteral("recipes"), kPatienceMs);
        QCOMPARE(place.table()->selectionModel()->selectedRows(), QModelIndexList{place.rowOf("recipes")});
        QVERIFY(place.rowOf("second") == QModelIndex());
        QVERIFY2(bar->text().contains(QStringLiteral("second")), qPrintable(bar->text()));
        QVERIFY(fs::exists(place.folder("recipes")));
    }

    void theMenuOfARunLeadsToNameAndNote() {
        Place place;
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        QVERIFY(place.open("first"));
        const auto choose = [&](const char* name) {
            Q_EMIT place.table()->customContextMenuRequested(
                place.table()->visualRect(place.rowOf("first")).center());
            auto* menu = place.find<QMenu>("runMenu");
            auto* action = menu->findChild<QAction*>(QString::fromLatin1(name));
            QVERIFY(action != nullptr && action->isEnabled());
            action->trigger();
            menu->close();
            QTRY_VERIFY(!place.pane->findChild<QMenu*>(QStringLiteral("runMenu")));
        };
        choose("noteRun");
        QVERIFY(place.find<QPlainTextEdit>("runNote")->isVisible());
        QCOMPARE(place.pane->focusWidget(), place.find<QPlainTextEdit>("runNote"));
        choose("renameRun");
        QTRY_VERIFY(place.pane->findChild<QInputDialog*>());
        QTest::keyClick(place.find<QInputDialog>("renameRunDialog"), Qt::Key_Escape);
        QVERIFY(fs::exists(place.folder("first")));
    }

    void aDamagedRunIsListedWithItsCause() {
        Place place;
        QTRY_COMPARE(place.table()->model()->rowCount(), 2);
        std::ofstream(place.folder("first") / "run.json") << "{";
        place.runs->refresh();
        QTRY_COMPARE(place.rowOf("first", RunTable::State).data().toString(), QStringLiteral("failed"));
        QVERIFY(place.rowOf("first", RunTable::State)
                    .data(Qt::ToolTipRole)
                    .toString()
                    .contains(QStringLiteral("run.json")));
    }
};

QTEST_MAIN(TestRunsPane)
#include "test_runs_pane.moc"
