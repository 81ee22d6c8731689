// The chat page: asking, answering, conversations, adapter, sampling, and a run that trains meanwhile.
#include <QAbstractButton>
#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>

#include "support/chat_page.h"
#include "widgets/answers_view.h"
#include "widgets/setting_editor.h"

using namespace llamahome;
using namespace llamahome::testing;
using namespace llamahome::widgets;
using managers::ChatManager;
using managers::toQt;
using managers::TrainingState;
using Place = ChatPage;

class TestChatPane final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void withoutAModelThePageLeadsToModels() {
        Place place(false);
        QTRY_COMPARE(place.find<QLabel>("emptyTitle")->text(),
                     QStringLiteral("There is no model to talk to yet"));
        QSignalSpy wanted(place.pane.get(), &ChatPane::modelsRequested);
        QVERIFY(place.find<QPushButton>("toModelsButton")->isVisible());
        place.click("toModelsButton");
        QCOMPARE(wanted.size(), 1);
        QVERIFY(!place.find<QPushButton>("sendButton")->isEnabled());
    }

    void enterSendsAndTheAnswerAppears() {
        Place place;
        QTRY_COMPARE(place.find<QComboBox>("chatModel")->currentText(), kModel);
        QVERIFY(!place.find<QPushButton>("sendButton")->isEnabled());
        place.input()->setFocus();
        QTest::keyClicks(place.input(), QStringLiteral("one"));
        QTest::keyClick(place.input(), Qt::Key_Return, Qt::ShiftModifier);
        QTest::keyClicks(place.input(), QStringLiteral("two"));
        QVERIFY(place.chat->current().messages.empty());
        QTest::keyClick(place.input(), Qt::Key_Return);
        QVERIFY(place.awaitIdle());
        QCOMPARE(place.cards().size(), std::size_t{2});
        QCOMPARE(place.cards()[0]->text(), QStringLiteral("one\ntwo"));
        QCOMPARE(place.cards()[1]->text(), QStringLiteral("the answer #### 7"));
        QVERIFY(place.input()->toPlainText().isEmpty());
        QVERIFY(place.find<QLabel>("chatFigures")->text().contains(QStringLiteral("tokens a second")));
        QVERIFY(place.find<QLabel>("chatFigures")->text().contains(QStringLiteral("of 512 tokens")));
        place.type(QStringLiteral("three"));
        QCOMPARE(place.find<QLabel>("waitingNote")->text(), QStringLiteral("Reading the conversation…"));
        QVERIFY(place.awaitIdle());
        place.chat->setModel(QStringLiteral("llama/3.2-1b")); // while the first one is still loaded
        place.type(QStringLiteral("four"));
        QCOMPARE(place.find<QLabel>("waitingNote")->text(), QStringLiteral("Loading the model…"));
        QVERIFY(place.awaitIdle());
    }

    void textIsShownWhileItComesAndStopKeepsIt() {
        Place place;
        place.tokens.holdBefore(6);
        place.type(QStringLiteral("hello"));
        QVERIFY(Place::wait([&] { return place.tokens.isReached(); }));
        QTRY_COMPARE(place.cards().size(), std::size_t{2});
        QVERIFY(!place.cards()[1]->text().isEmpty());
        const auto* note = place.cards()[1]->findChild<QLabel*>(QStringLiteral("messageNote"));
        QCOMPARE(note->text(), QStringLiteral("writing…"));
        QVERIFY(!place.find<QLabel>("waitingNote")->isVisible());
        QVERIFY(place.find<QPushButton>("stopButton")->isVisible());
        QVERIFY(!place.find<QPushButton>("sendButton")->isVisible());
        place.click("stopButton");
        place.tokens.open();
        QVERIFY(place.awaitIdle());
        QVERIFY2(note->text().contains(QStringLiteral("stopped")), qPrintable(note->text()));
        QVERIFY(QStringLiteral("the answer #### 7").startsWith(place.cards()[1]->text()));
        QVERIFY(place.find<QPushButton>("sendButton")->isVisible());
    }

    void anAnswerBecomesATrainingExampleCorrectedAndIsTakenBack() {
        Place place;
        QVERIFY(place.ask(QStringLiteral("1+1?")));
        QVERIFY(!place.cards()[0]->findChild<QToolButton*>(QStringLiteral("exampleButton"))->isVisible());
        Place::press(place.cards()[1], "exampleButton");
        QCOMPARE(place.find<QPlainTextEdit>("exampleQuestion")->toPlainText(), QStringLiteral("1+1?"));
        auto* answer = place.find<QPlainTextEdit>("exampleAnswer");
        QCOMPARE(answer->toPlainText(), place.cards()[1]->text());
        answer->clear();
        QVERIFY(!place.find<QPushButton>("addExampleButton")->isEnabled());
        answer->setPlainText(QStringLiteral("two"));
        place.click("addExampleButton");
        const auto file = jobs::ownExamplesFile({place.ground.root()});
        QVERIFY(
            Place::wait([&] { return place.bar()->text().contains(QStringLiteral("has 1 example now")); }));
        QFile kept(managers::pathToQt(file));
        QVERIFY(kept.open(QIODevice::ReadOnly));
        const QByteArray line = kept.readAll();
        QVERIFY2(line.contains("1+1?") && line.contains("\"two\"") && line.count('\n') == 1,
                 line.constData());
        QVERIFY(Place::wait(
            [&] { return place.training->setup().samples().contains(managers::pathToQt(file)); }));
        Place::press(place.bar(), "messageButton"); // Undo
        QVERIFY2(Place::wait([&] { return !isThere(file); }), qPrintable(place.bar()->text()));
    }

    void anAnswerWithoutAWordIsTold() {
        Place place;
        place.answerWith("");
        QVERIFY(place.ask(QStringLiteral("hello")));
        QCOMPARE(place.cards().size(), std::size_t{2});
        const auto* note = place.cards()[1]->findChild<QLabel*>(QStringLiteral("messageNote"));
        QCOMPARE(note->text(), QStringLiteral("the model ended without a word"));
    }

    void altWithALetterWritesNothing() {
        Place place;
        place.input()->setFocus();
        QTest::keyClick(place.input(), Qt::Key_S, Qt::AltModifier); // Send cannot be pressed yet
        QVERIFY(place.input()->toPlainText().isEmpty());
        QTest::keyClick(place.input(), Qt::Key_S);
        QCOMPARE(place.input()->toPlainText(), QStringLiteral("s"));
    }

    void aMessageWithoutAnswerComesBackIntoTheField() {
        Place place;
        place.ground.engine.script().failsToGenerate = true;
        QVERIFY(place.ask(QStringLiteral("hello")));
        QCOMPARE(place.input()->toPlainText(), QStringLiteral("hello"));
        QVERIFY(place.cards().empty());
        QVERIFY(place.bar()->isVisible());
        QVERIFY(place.bar()->text().contains(QStringLiteral("fails to generate")));
        place.ground.engine.script().failsToGenerate = false;
        QTest::keyClick(place.input(), Qt::Key_Return);
        QVERIFY(place.awaitIdle());
        QCOMPARE(place.cards().size(), std::size_t{2});
        QVERIFY(!place.bar()->isVisible());
    }

    void answeringAgainReplacesTheAnswer() {
        Place place;
        QVERIFY(place.ask(QStringLiteral("hello")));
        place.answerWith("another");
        auto* again = place.cards()[1]->findChild<QToolButton*>(QStringLiteral("regenerateButton"));
        QTRY_VERIFY(again->isVisible());
        QTest::mouseClick(again, Qt::LeftButton);
        QVERIFY(place.input()->hasFocus());
        QVERIFY(place.awaitIdle());
        QCOMPARE(place.cards().size(), std::size_t{2});
        QCOMPARE(place.cards()[1]->text(), QStringLiteral("another"));
    }

    void anEditedMessageIsSentAgain() {
        Place place;
        QVERIFY(place.ask(QStringLiteral("one")));
        QVERIFY(place.ask(QStringLiteral("two")));
        ChatInput* edit = place.edit(0);
        QVERIFY(edit->isVisible());
        QCOMPARE(edit->toPlainText(), QStringLiteral("one"));
        const auto* following = place.cards()[0]->findChild<QLabel*>(QStringLiteral("followingNote"));
        QVERIFY(following->isVisible());
        QCOMPARE(following->text(), QStringLiteral("The 3 messages below are replaced."));
        QTest::keyClick(edit, Qt::Key_Escape);
        QVERIFY(!edit->isVisible());
        QTest::keyClick(place.edit(0, QStringLiteral("three")), Qt::Key_Return);
        QVERIFY(place.input()->hasFocus());
        QVERIFY(place.awaitIdle());
        QCOMPARE(place.cards().size(), std::size_t{2});
        QCOMPARE(place.cards()[0]->text(), QStringLiteral("three"));
        edit = place.edit(0);
        QTest::keyClick(edit, Qt::Key_Return); // as it is
        QVERIFY(place.awaitIdle() && !edit->isVisible());
    }

    void whatAnEditReplacedIsBroughtBack() {
        Place place;
        QVERIFY(place.ask(QStringLiteral("one")));
        QVERIFY(place.ask(QStringLiteral("two")));
        MessageBar* bar = place.bar("undoBar");
        QVERIFY(!bar->isVisible());
        QTest::keyClick(place.edit(0, QStringLiteral("three")), Qt::Key_Return);
        QVERIFY(place.awaitIdle());
        QVERIFY(bar->isVisible());
        QCOMPARE(bar->text(), QStringLiteral("4 messages were replaced."));
        place.click("newConversationButton");
        QVERIFY(!bar->isVisible());
        QVERIFY(place.open(place.chat->conversations().front().id));
        QVERIFY(bar->isVisible());
        Place::press(bar, "messageButton");
        QCOMPARE(place.cards().size(), std::size_t{4});
        QCOMPARE(place.cards()[0]->text(), QStringLiteral("one"));
        QCOMPARE(bar->text(), QStringLiteral("The earlier messages are back."));
        Place::press(bar, "messageButton");
        QCOMPARE(place.cards().size(), std::size_t{2});
        QCOMPARE(place.cards()[0]->text(), QStringLiteral("three"));
        QVERIFY(place.ask(QStringLiteral("four")));
        QVERIFY(!bar->isVisible());
    }

    void messagesAreCopied() {
        Place place;
        place.answerWith("Look:\n```py\nx = 1\n```\ndone");
        QVERIFY(place.ask(QStringLiteral("hello")));
        Place::press(place.cards()[1], "copyButton");
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("Look:\n```py\nx = 1\n```\ndone"));
        const auto* copy = place.cards()[1]->findChild<QToolButton*>(QStringLiteral("copyButton"));
        QCOMPARE(copy->accessibleName(), QStringLiteral("Copied"));
        Place::press(place.cards()[1], "copyCodeButton");
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("x = 1"));
        place.cards()[0]->setFocus();
        QTest::keyClick(place.cards()[0], Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("hello"));
    }

    void theKeyboardGoesFromMessageToMessage() {
        Place place;
        QVERIFY(place.ask(QStringLiteral("one")));
        place.cards()[1]->setFocus();
        QTest::keyClick(place.cards()[1], Qt::Key_Up);
        QVERIFY(place.cards()[0]->hasFocus());
        QTest::keyClick(place.cards()[0], Qt::Key_Tab);
        QVERIFY(place.cards()[0]->isAncestorOf(QApplication::focusWidget()));
    }

    void aConversationIsRenamedAndDeletedAndTheDeletionUndone() {
        Place place;
        QVERIFY(place.ask(QStringLiteral("hello")));
        auto* list = place.find<QListView>("conversationList");
        QTRY_COMPARE(list->model()->rowCount(), 1);
        QCOMPARE(list->model()->index(0, 0).data().toString(), QStringLiteral("hello"));
        list->setFocus();
        list->setCurrentIndex(list->model()->index(0, 0));
        QTest::keyClick(list, Qt::Key_F2);
        Place::enter(list->viewport()->findChild<QLineEdit*>(), QStringLiteral("My talk"));
        QTRY_COMPARE(list->model()->index(0, 0).data().toString(), QStringLiteral("My talk"));
        place.click("newConversationButton");
        QVERIFY(place.cards().empty());
        list->setFocus();
        list->setCurrentIndex(list->model()->index(0, 0));
        QTest::keyClick(list, Qt::Key_Delete);
        QCOMPARE(list->model()->rowCount(), 0);
        QTRY_VERIFY(place.bar()->isVisible());
        QVERIFY(place.bar()->text().contains(QStringLiteral("My talk")));
        Place::press(place.bar(), "messageButton");
        QTRY_COMPARE(list->model()->rowCount(), 1);
        QTRY_COMPARE(place.cards().size(), std::size_t{2});
    }

    void afterADeletionNoneIsHighlightedThatIsNotShown() {
        Place place;
        QVERIFY(place.ask(QStringLiteral("first")));
        place.click("newConversationButton");
        QVERIFY(place.ask(QStringLiteral("second")));
        auto* list = place.find<QListView>("conversationList");
        QTRY_COMPARE(list->model()->rowCount(), 2);
        QCOMPARE(list->currentIndex().row(), 0);
        list->setFocus();
        QTest::keyClick(list, Qt::Key_Delete);
        QCOMPARE(list->model()->rowCount(), 1);
        QVERIFY(place.cards().empty());
        QVERIFY(!list->currentIndex().isValid() && list->selectionModel()->selectedIndexes().empty());
        QTRY_VERIFY(place.bar()->isVisible());
        Place::press(place.bar(), "messageButton");
        QTRY_COMPARE(list->currentIndex().data().toString(), QStringLiteral("second"));
    }

    void aClickOpensAConversation() {
        Place place;
        QVERIFY(place.ask(QStringLiteral("first")));
        place.click("newConversationButton");
        QVERIFY(place.ask(QStringLiteral("second")));
        auto* list = place.find<QListView>("conversationList");
        QTRY_COMPARE(list->model()->rowCount(), 2);
        const QModelIndex older = list->model()->index(1, 0);
        QCOMPARE(older.data().toString(), QStringLiteral("first"));
        QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualRect(older).center());
        QTRY_COMPARE(place.cards().front()->text(), QStringLiteral("first"));
    }

    void theAdapterAndItsScaleAreChosenAbove() {
        Place place(true, true);
        auto* adapters = place.find<QComboBox>("chatAdapter");
        auto* scale = place.find<QDoubleSpinBox>("adapterScale");
        QTRY_COMPARE(adapters->count(), 2);
        QVERIFY(!scale->isVisible());
        adapters->setFocus();
        QTest::keyClick(adapters, Qt::Key_Down);
        QTRY_COMPARE(toQt(place.chat->current().adapter), place.adapter);
        QVERIFY(scale->isVisible());
        QCOMPARE(scale->value(), 1.0);
        Place::enter(scale, QStringLiteral("0.5"));
        QCOMPARE(place.chat->current().adapterScale, 0.5);
        QVERIFY(place.ask(QStringLiteral("hello")));
        QCOMPARE(place.ground.engine.history().scales.back(), 0.5);
        const auto* note = place.cards().back()->findChild<QLabel*>(QStringLiteral("messageNote"));
        QVERIFY2(note->text().contains(place.adapter + QStringLiteral(" at scale 0.5")),
                 qPrintable(note->text()));
    }

    void anAdapterWhoseBaseIsNotThereLeadsToModels() {
        Place place(true, true);
        const auto base = loseBase(place.models->findAdapter(place.adapter)->path);
        place.pane->open({}, place.adapter);
        MessageBar* bar = place.bar("baseBar");
        QTRY_VERIFY(bar->isVisible());
        QVERIFY2(bar->text().contains(toQt(base) + QStringLiteral(", which is not installed")),
                 qPrintable(bar->text()));
        QSignalSpy wanted(place.pane.get(), &ChatPane::modelsRequested);
        Place::press(bar, "messageButton");
        QCOMPARE(wanted.size(), 1);
        place.chat->setAdapterScale(0.5);
        QVERIFY(!bar->isVisible()); // it was said
        place.chat->startWith(kModel, place.adapter);
        place.chat->setAdapter({});
        QVERIFY(!bar->isVisible());
    }

    void samplingIsChosenInTheDrawer() {
        Place place;
        auto* preset = place.find<QComboBox>("samplingPreset");
        QVERIFY(!preset->isVisible());
        place.click("samplingButton");
        QVERIFY(preset->isVisible());
        QTRY_COMPARE(preset->currentText(), QStringLiteral("Balanced"));
        preset->setFocus();
        QTest::keyClick(preset, Qt::Key_Down);
        QCOMPARE(preset->currentText(), QStringLiteral("Creative"));
        QCOMPARE(place.chat->current().sampling.temperature, 1.0);
        config::GenerationSettings own = place.chat->current().sampling;
        own.temperature = 0.37;
        place.chat->setSampling(own);
        QCOMPARE(preset->currentText(), QStringLiteral("Own values"));
        auto* system = place.find<QPlainTextEdit>("systemText");
        system->setFocus();
        QTest::keyClicks(system, QStringLiteral("Be brief."));
        QCOMPARE(place.chat->current().system, std::string("Be brief."));
        QVERIFY(place.ask(QStringLiteral("hello")));
        QCOMPARE(place.ground.engine.history().generations.back().temperature, 0.37);

        auto* line = place.find<SettingEditor>("model.generation.temperature")->findChild<QLineEdit*>();
        Place::enter(line, QStringLiteral("1.5"));
        QCOMPARE(place.chat->current().sampling.temperature, 1.5);
        QTest::keyClick(line, Qt::Key_N, Qt::ControlModifier); // the field keeps the focus until then
        QTRY_COMPARE(place.chat->current().sampling.temperature, 0.6);
        QCOMPARE(line->text(), QStringLiteral("0.6"));
    }

    void aChatTemplateIsChosenInTheDrawer() {
        Place place;
        place.click("samplingButton");
        auto* box = place.find<SettingEditor>("data.template")->findChild<QComboBox*>();
        QVERIFY(box != nullptr && box->findText(QStringLiteral("llama3")) > 0);
        box->setFocus();
        QTest::keyClick(box, Qt::Key_Down);
        QCOMPARE(place.chat->current().templateName, std::string("chatml"));
        Place::enter(box->lineEdit(), QStringLiteral("alpaca"));
        QCOMPARE(place.chat->current().templateName, std::string("alpaca"));
        QVERIFY(place.ask(QStringLiteral("hello")));
    }

    void whileARunTrainsThePageOffersToPauseItAndToGoOn() {
        Place place;
        place.train();
        place.type(QStringLiteral("hello"));
        MessageBar* bar = place.bar("runBar");
        QTRY_VERIFY(bar->isVisible());
        QVERIFY(!place.chat->isBusy());
        QCOMPARE(place.input()->toPlainText(), QStringLiteral("hello"));
        auto* action = place.runAction();
        QCOMPARE(action->text(), QStringLiteral("Pause the run and answer"));
        QTest::mouseClick(action, Qt::LeftButton);
        QTest::keyClicks(place.input(), QStringLiteral(" again")); // stays
        place.steps.open();
        QTRY_COMPARE_WITH_TIMEOUT(place.cards().size(), std::size_t{2}, kPatienceMs);
        QVERIFY(place.awaitIdle());
        QCOMPARE(place.cards()[0]->text(), QStringLiteral("hello"));
        QCOMPARE(place.input()->toPlainText(), QStringLiteral("hello again"));
        QVERIFY(place.training->state() == TrainingState::Paused);
        QTRY_COMPARE(action->text(), QStringLiteral("Continue the run"));
        QTest::mouseClick(action, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(place.training->state() == TrainingState::Done, kPatienceMs);
        QVERIFY(!place.chat->isModelLoaded());
    }

    void theOfferToPauseGoesWithTheRun() {
        Place place;
        place.train();
        place.type(QStringLiteral("hello"));
        QTRY_VERIFY(place.bar("runBar")->isVisible());
        place.steps.open();
        QTRY_VERIFY_WITH_TIMEOUT(place.training->state() == TrainingState::Done, kPatienceMs);
        QTRY_VERIFY(!place.bar("runBar")->isVisible());
        QCOMPARE(place.input()->toPlainText(), QStringLiteral("hello"));
        QVERIFY(place.ask(QStringLiteral("hello")));
        QCOMPARE(place.cards().size(), std::size_t{2});
    }

    void anEditThatWaitsForThePauseIsNotSentToAnotherConversation() {
        Place place;
        QVERIFY(place.ask(QStringLiteral("one")));
        const std::string first = place.chat->current().id;
        place.click("newConversationButton");
        QVERIFY(place.ask(QStringLiteral("two")));
        const jobs::Conversation second = place.chat->current();
        QVERIFY(place.open(first));
        place.train();
        QTest::keyClick(place.edit(0, QStringLiteral("other")), Qt::Key_Return);
        QTRY_VERIFY(place.bar("runBar")->isVisible());
        QVERIFY(place.open(second.id));
        QVERIFY(!place.bar("runBar")->isVisible());

        QVERIFY(place.open(first));
        ChatInput* editor = place.edit(0, QStringLiteral("other"));
        QTest::keyClick(editor, Qt::Key_Return);
        QVERIFY(editor->isVisible());
        QTest::mouseClick(place.runAction(), Qt::LeftButton);
        QVERIFY(place.open(second.id));
        place.steps.open();
        QTRY_COMPARE_WITH_TIMEOUT(place.runAction()->text(), QStringLiteral("Continue the run"), kPatienceMs);
        QVERIFY(!place.chat->isBusy() && place.chat->current().messages == second.messages);
    }

    void anEditThatCannotBeSentStaysAndThePageSaysWhy() {
        Place place;
        QVERIFY(place.ask(QStringLiteral("one")));
        ChatInput* editor = place.edit(0, QStringLiteral("other"));
        place.tokens.holdBefore(3);
        place.type(QStringLiteral("two"));
        QTest::keyClick(editor, Qt::Key_Return);
        QVERIFY(editor->isVisible());
        QVERIFY(place.bar()->text().contains(QStringLiteral("an answer is on its way")));
        place.tokens.open();
        QVERIFY(place.awaitIdle());
        QTRY_VERIFY(!place.bar()->isVisible());
        QTest::keyClick(editor, Qt::Key_Return);
        QVERIFY(place.awaitIdle());
        QCOMPARE(place.cards().size(), std::size_t{2});
        QCOMPARE(place.cards()[0]->text(), QStringLiteral("other"));
    }

    void asManyOtherAnswersAreShown() {
        AnswersView view({});
        view.setAnswers({{"before", 0, "Why?", {}, "because"}});
        view.setAnswers({{"before", 0, "Why?", {}, "therefore"}});
        QStringList shown;
        for (const auto* label : view.findChildren<QLabel*>())
            shown << label->text();
        QVERIFY2(shown.contains(QStringLiteral("therefore")), qPrintable(shown.join(u'|')));
    }

    void everythingThatTakesTheFocusHasAName() {
        Place place;
        QVERIFY(place.ask(QStringLiteral("hello")));
        place.click("samplingButton");
        for (const auto* widget : place.pane->findChildren<QWidget*>()) {
            if (!widget->isVisible() || (widget->focusPolicy() & Qt::TabFocus) == 0) continue;
            if (widget->objectName() == QStringLiteral("qt_spinbox_lineedit")) continue; // its box has one
            QAccessibleInterface* face = QAccessible::queryAccessibleInterface(const_cast<QWidget*>(widget));
            QVERIFY2(face && !face->text(QAccessible::Name).isEmpty(),
                     qPrintable(QString::fromLatin1(widget->metaObject()->className()) + u' ' +
                                widget->objectName()));
        }
    }
};

QTEST_MAIN(TestChatPane)
#include "test_chat_pane.moc"
