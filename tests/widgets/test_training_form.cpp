// The form of a training and the look at its data, before Start: a real pane, by mouse and by keys.
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDialog>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTableView>
#include <QTableWidget>
#include <QTest>
#include <QTextEdit>
#include <QToolButton>

#include "training_page.h"
#include "widgets/data_chooser.h"
#include "widgets/setting_editor.h"

using namespace llamahome;
using managers::TrainingState;
using testing::eventually;
using testing::kPatienceMs;
using testing::RunGround;
using Page = testing::TrainingPage;

class TestTrainingForm final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { testing::applyTestTheme(); }

    void aButtonMakesItFit() {
        Page page;
        page.run.chooseShortRun();
        page.run.makeItNotFit();
        QVERIFY(page.run.comesTo(TrainingState::DoesNotFit));
        QVERIFY(!page.find<QPushButton>("startButton").isEnabled());
        QVERIFY(page.message().contains(QStringLiteral("memory")));
        page.picture("training_does_not_fit");
        page.click("fitChange0");
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        QVERIFY(eventually([&] { return page.message().isEmpty(); }));
    }

    void dataIsWrittenInATableAndTrainedOn() {
        Page page;
        page.run.setup().chooseModel(QStringLiteral("smollm2/135m-instruct"));
        auto& chooser = page.find<widgets::DataChooser>("dataChooser");
        page.click("writeData");
        const auto view = [&] { return &page.find<QTableView>("questionTable"); };
        QApplication::clipboard()->setText(QStringLiteral("1+1?\t2\n2+2?\t4\nunfinished\n"));
        page.click("pasteCells");
        QCOMPARE(page.text("questionCount"),
                 QStringLiteral("2 rows · 1 row without an answer or question, left out"));
        page.picture("training_question_table");
        page.find<QDialog>("questionEditor").close();
        QVERIFY(page.pane->findChild<QWidget*>(QStringLiteral("unsavedQuestion")) != nullptr);
        page.pane->findChild<QDialog*>(QStringLiteral("unsavedQuestion"))->reject();
        QVERIFY(view()->isVisible());
        page.click("saveTableButton");
        QVERIFY(eventually([&] { return page.run.setup().dataFiles().size() == 1; }));
        const QString file = page.run.setup().dataFiles().front();
        QVERIFY(file.endsWith(QStringLiteral("samples/my_questions.jsonl")));
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        QVERIFY(eventually([&] { return page.run.setup().samples().contains(file); }));
        chooser.write(); // what is there is gone on with
        QVERIFY(eventually([&] { return page.text("questionCount") == QStringLiteral("2 rows"); }));
        page.click("closeButton");
        QVERIFY(eventually(
            [&] { return page.pane->findChild<QDialog*>(QStringLiteral("questionEditor")) == nullptr; }));
    }

    void theSpeedIsMeasuredOnAClick() {
        Page page;
        page.run.chooseShortRun();
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        QVERIFY(page.text("forecastRest").contains(QStringLiteral("time not known yet")));
        page.click("measureSpeed");
        QVERIFY(eventually([&] { return page.text("forecastRest").contains(QStringLiteral("about")); }));
        QVERIFY(!page.isShown("measureSpeed"));
        QCOMPARE(page.run.training->state(), TrainingState::Ready);
        page.run.setup().setSetting(QStringLiteral("training.lora.r"), QStringLiteral("16"));
        QVERIFY(eventually([&] { return page.isShown("measureSpeed"); })); // another run, another speed
    }

    void everyRowIsLookedAtTokenByToken() {
        Page page;
        page.run.chooseShortRun();
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        page.click("lookInside");
        auto& row = page.find<QTextEdit>("trainedRow");
        const QString first = row.toPlainText();
        QVERIFY(first.contains(QStringLiteral("<|im_end|>")));
        QVERIFY(page.text("rowPlace").startsWith(QStringLiteral("questions.jsonl line 1 ")));
        auto& number = page.find<QSpinBox>("rowNumber");
        QCOMPARE(number.maximum(), 12);
        number.setFocus();
        QTest::keyClick(&number, Qt::Key_Up);
        QTest::keyClick(&number, Qt::Key_Up);
        QVERIFY(eventually(
            [&] { return page.text("rowPlace").startsWith(QStringLiteral("questions.jsonl line 3 ")); }));
        QVERIFY(row.toPlainText() != first);
        QTextCursor cursor(row.document());
        cursor.movePosition(QTextCursor::NextCharacter);
        QVERIFY(cursor.charFormat().toolTip().startsWith(QStringLiteral("token ")));
        page.picture("training_look_inside");
        page.pane->findChild<QDialog*>(QStringLiteral("dataPreview"))->close();
    }

    void badRowsAreLookedAtAndLeftOut() {
        Page page(3);
        page.run.chooseShortRun();
        QVERIFY(eventually([&] { return page.message().startsWith(QStringLiteral("3 bad rows")); }));
        page.click("lookInside");
        const auto* problems = page.pane->findChild<QTableWidget*>(QStringLiteral("problemTable"));
        QVERIFY(problems != nullptr);
        QCOMPARE(problems->rowCount(), 3);
        page.picture("training_bad_rows");
        QCOMPARE(problems->item(0, 0)->text(), QStringLiteral("13"));
        page.pane->findChild<QDialog*>(QStringLiteral("dataPreview"))->close();
        const auto buttons = page.pane->findChild<widgets::MessageBar*>()->findChildren<QPushButton*>();
        QCOMPARE(buttons.size(), 1);
        QCOMPARE(buttons.front()->text(), QStringLiteral("Leave bad rows out"));
        QTest::mouseClick(buttons.front(), Qt::LeftButton);
        QVERIFY(page.run.comesTo(TrainingState::Ready));
    }

    void dataThatLeavesNothingToLearnIsSaidAndSoIsWhatIsSeldomMeant() {
        Page page;
        page.run.chooseShortRun();
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        QVERIFY(!page.isShown("forecastNotices"));
        page.run.setup().setSetting(QStringLiteral("training.learning_rate"), QStringLiteral("0.01"));
        page.run.setup().setSetting(QStringLiteral("training.lora.r"), QStringLiteral("16"));
        QVERIFY(eventually([&] {
            return page.text("forecastNotices")
                .startsWith(QStringLiteral("Note: the setting “Learning rate” is 0.01"));
        }));
        page.picture("training_notes");
        page.run.setup().setSetting(QStringLiteral("training.max_length"), QStringLiteral("8"));
        QVERIFY(
            eventually([&] { return page.message().contains(QStringLiteral("nothing to learn within 8")); }));
        QVERIFY(!page.find<QPushButton>("startButton").isEnabled());
        QVERIFY(page.text("forecastWords").contains(QStringLiteral("cannot start yet")));
    }

    void aSettingIsSearchedChangedAndUndone() {
        Page page;
        QVERIFY(eventually([&] { return !page.run.setup().isLookingAhead(); }));
        page.click("allSettings");
        auto& search = page.find<QLineEdit>("settingSearch");
        QTest::keyClicks(&search, QStringLiteral("warmup"));
        auto& fold = page.find<QWidget>("allSettings");
        int shown = 0;
        widgets::SettingEditor* warmup = nullptr;
        for (auto* editor : fold.parentWidget()->findChildren<widgets::SettingEditor*>())
            if (editor->isVisible()) {
                ++shown;
                warmup = editor;
            }
        QCOMPARE(shown, 1);
        QCOMPARE(warmup->setting().key, std::string("training.warmup_ratio"));
        auto* field = QApplication::focusWidget();
        QCOMPARE(field, &search);
        QTest::keyClick(field, Qt::Key_Tab); // to the field, whose own editor takes the keys
        auto* line = warmup->findChild<QLineEdit*>();
        QVERIFY(line != nullptr);
        QCOMPARE(QApplication::focusWidget(), line);
        line->selectAll();
        QTest::keyClicks(line, QStringLiteral("0.25"));
        QTest::keyClick(line, Qt::Key_Return);
        QVERIFY(eventually([&] {
            return page.run.setup().settingText(QStringLiteral("training.warmup_ratio")) ==
                   QStringLiteral("0.25");
        }));
        QCOMPARE(page.find<QToolButton>("allSettings").text(), QStringLiteral("A&ll settings (1 changed)"));
        page.picture("training_settings");
        page.click("resetSettings");
        QVERIFY(page.run.setup().changedSettings().isEmpty());
    }

    void promptsThatAreTypedAreThoseOfARunThatAltSStarts() {
        Page page;
        page.run.chooseShortRun();
        page.click("allSettings");
        auto& editor = page.find<widgets::SettingEditor>("training.evaluation.prompts");
        auto* lines = editor.findChild<QPlainTextEdit*>();
        lines->setFocus();
        QTest::keyClicks(lines, QStringLiteral("Name  a tea"));
        QTest::keyClick(lines, Qt::Key_Return);
        QTest::keyClicks(lines, QStringLiteral("Name a cup "));
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        QCOMPARE(lines->toPlainText(), QStringLiteral("Name  a tea\nName a cup ")); // as it was typed
        QTest::keyClick(lines, Qt::Key_S, Qt::AltModifier);
        QVERIFY(page.run.comesTo(TrainingState::Done));
        const auto& prompts = page.run.training->run().settings.training.evaluation.prompts;
        QCOMPARE(prompts, (std::vector<std::string>{"Name  a tea", "Name a cup"}));
    }

    void epochsThatTheStepsOverruleSaySo() {
        Page page;
        page.run.chooseShortRun();
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        QVERIFY(eventually([&] { return page.isShown("overruledEpochs"); }));
        QVERIFY2(page.text("overruledEpochs").startsWith(QStringLiteral("Ends after 6 steps (1.2 epochs)")),
                 qPrintable(page.text("overruledEpochs"))); // ten rows, two a step
        page.run.set("training.max_steps", "0");
        QVERIFY(eventually([&] { return !page.isShown("overruledEpochs"); }));
    }

    void theCommandIsCopied() {
        Page page;
        page.run.chooseShortRun();
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        page.click("copyCommand");
        QVERIFY(QApplication::clipboard()->text().startsWith(QStringLiteral("llamahome train smollm2")));
    }

    void theLastChoicesAreThereAgain() {
        Page page;
        page.find<QComboBox>("presetChooser"); // there at all
        page.pane->chooseModel(QStringLiteral("smollm2/135m-instruct"));
        page.pane->chooseData({managers::pathToQt(page.run.data)});
        page.pane.reset();
        page.run.setup().chooseModel({});
        page.run.setup().chooseData({});
        page.open();
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        QCOMPARE(page.find<QComboBox>("modelChooser").currentText(), QStringLiteral("smollm2/135m-instruct"));
        QCOMPARE(page.find<QComboBox>("dataChooser").currentText(), QStringLiteral("questions.jsonl"));
    }

    void changedSettingsAreThereAgainUntilTheyAreUndone() {
        Page page;
        const auto changed = [&] { return page.run.setup().changedSettings(); };
        const auto reopen = [&] {
            page.pane.reset();
            page.run.setup().resetSettings();
            page.open();
            return eventually([&] { return !page.run.setup().isResolving(); });
        };
        QVERIFY(eventually([&] { return !page.run.setup().isResolving(); }));
        page.run.set("training.lora.r", "24");
        QVERIFY(reopen());
        QCOMPARE(changed(), QStringList{QStringLiteral("training.lora.r")});
        QCOMPARE(page.run.setup().settings().training.lora.r, 24);
        page.click("resetSettings");
        QVERIFY(reopen());
        QCOMPARE(changed(), QStringList());
    }

    void keptChangesThatAreNoneAreLeftOut() {
        Page page;
        page.pane.reset();
        page.memory.setValue(
            QStringLiteral("training/changes"),
            QStringList{QStringLiteral("training.lora.r=0"), QStringLiteral("no.such=1"),
                        QStringLiteral("model.threads=2"), QStringLiteral("nonsense"),
                        QStringLiteral("training.evaluation.prompts=[") + QString(100'000, u'x') + u']',
                        QStringLiteral("training.seed=11")});
        page.open();
        QVERIFY(eventually([&] { return page.run.setup().settings().training.seed == 11; }));
        QCOMPARE(page.run.setup().changedSettings(), QStringList{QStringLiteral("training.seed")});
    }

    void theLearningRateStandsAsPeopleTypeIt() {
        Page page;
        page.run.chooseShortRun();
        page.run.set("training.learning_rate", "8e-4");
        QVERIFY(page.run.comesTo(TrainingState::Ready));
        const auto& editor = page.find<widgets::SettingEditor>("training.learning_rate");
        QCOMPARE(editor.text(), QStringLiteral("0.0008"));
        page.click("startButton");
        QVERIFY(page.run.comesTo(TrainingState::Done));
        QVERIFY2(page.text("runSummary").contains(QStringLiteral("learning rate 0.0008 ")),
                 qPrintable(page.text("runSummary")));
    }
};

QTEST_MAIN(TestTrainingForm)
#include "test_training_form.moc"
