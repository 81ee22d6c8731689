// The chat page in a window of its own, over the fake engine.
#include <memory>

#include <QAbstractButton>
#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QElapsedTimer>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QTextBlock>
#include <QToolButton>

#include "managers/chat_manager.h"
#include "managers/model_manager.h"
#include "managers/settings_manager.h"
#include "managers/text.h"
#include "managers/training_manager.h"
#include "support/manager_ground.h"
#include "support/step_gate.h"
#include "support/trained_run.h"
#include "widgets/answers_view.h"
#include "widgets/chat_input.h"
#include "widgets/chat_pane.h"
#include "widgets/code_block.h"
#include "widgets/look.h"
#include "widgets/markdown_blocks.h"
#include "widgets/markdown_text.h"
#include "widgets/message_bar.h"
#include "widgets/message_body.h"
#include "widgets/message_card.h"
#include "widgets/message_view.h"
#include "widgets/setting_editor.h"

using namespace llamahome;
using namespace llamahome::testing;
using namespace llamahome::widgets;
using managers::ChatManager;
using managers::toQt;
using managers::TrainingState;

namespace {

const QString kModel = QStringLiteral("smollm2/135m-instruct");

struct Place {
    ManagerGround ground;
    StepGate tokens;
    StepGate steps;
    QString adapter;
    WindowMemory memory{{}};
    std::unique_ptr<managers::ManagerContext> context;
    std::unique_ptr<managers::SettingsManager> settings;
    std::unique_ptr<managers::ModelManager> models;
    std::unique_ptr<managers::TrainingManager> training;
    std::unique_ptr<ChatManager> chat;
    std::unique_ptr<ChatPane> pane;

    explicit Place(bool isInstalled = true, bool hasAdapter = false) {
        if (isInstalled) ground.install();
        if (hasAdapter) adapter = toQt(trainRun(ground).adapterName);
        FakeScript& script = ground.engine.script();
        script.beforeToken = [this](std::size_t n) { tokens.pass(static_cast<std::int64_t>(n) + 1); };
        script.beforeStep = [this](std::int64_t step) { steps.pass(step); };
        context = std::make_unique<managers::ManagerContext>(ground.workspace());
        settings = std::make_unique<managers::SettingsManager>(*context);
        models = std::make_unique<managers::ModelManager>(*context);
        training = std::make_unique<managers::TrainingManager>(*context, *models, *settings);
        chat = std::make_unique<ChatManager>(*context, *models, *settings);
        pane = std::make_unique<ChatPane>(*chat, *models, *training, memory);
        pane->resize(1024, 640);
        pane->show();
        QApplication::setActiveWindow(pane.get());
        if (!QTest::qWaitForWindowActive(pane.get())) qFatal("no window");
        if (!wait([this] { return models->isListed() && settings->isRead() && chat->isListed(); }))
            qFatal("nothing is listed");
    }
    ~Place() {
        tokens.open();
        steps.open();
        pane.reset();
        chat.reset();
        training.reset();
        models.reset();
        settings.reset();
        context.reset();
        if (!ground.files.violations().empty())
            qFatal("on the GUI thread: %s", ground.files.violations().front().c_str());
    }

    static bool wait(const std::function<bool()>& condition) {
        return QTest::qWaitFor(condition, kPatienceMs);
    }
    template <typename Widget>
    Widget* find(const char* name) const {
        auto* found = pane->findChild<Widget*>(QString::fromLatin1(name));
        if (found == nullptr) qFatal("no '%s'", name);
        return found;
    }
    static void press(const QWidget* place, const char* button) {
        QTest::mouseClick(place->findChild<QAbstractButton*>(QLatin1String(button)), Qt::LeftButton);
    }
    /// Instead of what is in the field, and Enter.
    template <typename Field>
    static void enter(Field* field, const QString& text) {
        field->setFocus();
        field->selectAll();
        QTest::keyClicks(field, text);
        QTest::keyClick(field, Qt::Key_Return);
    }
    void click(const char* name) const { QTest::mouseClick(find<QAbstractButton>(name), Qt::LeftButton); }
    ChatInput* input() const { return find<ChatInput>("chatInput"); }
    MessageBar* bar(const char* name = "messageBar") const { return find<MessageBar>(name); }
    const std::vector<MessageCard*>& cards() const { return find<MessageView>("messageView")->cards(); }
    void type(const QString& text) const { enter(input(), text); }
    bool awaitIdle() const {
        return wait([this] { return !chat->isBusy(); });
    }
    bool ask(const QString& text) const {
        type(text);
        return awaitIdle();
    }
    void answerWith(const std::string& text) {
        ground.engine.script().answer = text;
        config::GenerationSettings sampling = chat->current().sampling;
        sampling.max_new_tokens = static_cast<int>(text.size()) + 1;
        chat->setSampling(sampling);
    }
    /// A run of six steps that waits before its third.
    void train() {
        const auto data = ground.folder() / "questions.jsonl";
        writeQuestions(data);
        auto& setup = training->setup();
        setup.chooseModel(kModel);
        setup.chooseData({managers::pathToQt(data)});
        setup.setSetting(QStringLiteral("training.max_steps"), QStringLiteral("6"));
        setup.setSetting(QStringLiteral("training.batch_size"), QStringLiteral("2"));
        setup.setSetting(QStringLiteral("training.gradient_accumulation"), QStringLiteral("1"));
        QVERIFY(wait([this] { return training->state() == TrainingState::Ready; }));
        steps.holdBefore(3);
        training->start();
        QVERIFY(wait([this] { return steps.isReached(); }));
        QTRY_VERIFY(training->state() == TrainingState::Running);
    }
    bool open(const std::string& id) const {
        chat->openConversation(toQt(id));
        return wait([&] { return chat->current().id == id; });
    }
    /// The editor of a user's message, with another text in it where one is given.
    ChatInput* edit(std::size_t card, const QString& text = {}) const {
        press(cards()[card], "editButton");
        auto* editor = cards()[card]->findChild<ChatInput*>(QStringLiteral("editMessage"));
        if (!text.isEmpty()) editor->setPlainText(text);
        return editor;
    }
    QPushButton* runAction() const {
        return bar("runBar")->findChild<QPushButton*>(QStringLiteral("messageButton"));
    }
    /// All that the newest card shows.
    QString shownText() const {
        QString text;
        for (const auto* part : cards().back()->findChildren<MarkdownText*>())
            text += part->toPlainText() + u'\n';
        return text;
    }
};

} // namespace

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
        QVERIFY(place.find<QPushButton>("stopButton")->isVisible());
        QVERIFY(!place.find<QPushButton>("sendButton")->isVisible());
        place.click("stopButton");
        place.tokens.open();
        QVERIFY(place.awaitIdle());
        const auto* note = place.cards()[1]->findChild<QLabel*>(QStringLiteral("messageNote"));
        QVERIFY2(note->text().contains(QStringLiteral("stopped")), qPrintable(note->text()));
        QVERIFY(QStringLiteral("the answer #### 7").startsWith(place.cards()[1]->text()));
        QVERIFY(place.find<QPushButton>("sendButton")->isVisible());
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
        QTest::keyClick(edit, Qt::Key_Escape);
        QVERIFY(!edit->isVisible());
        QTest::keyClick(place.edit(0, QStringLiteral("three")), Qt::Key_Return);
        QVERIFY(place.awaitIdle());
        QCOMPARE(place.cards().size(), std::size_t{2});
        QCOMPARE(place.cards()[0]->text(), QStringLiteral("three"));
        edit = place.edit(0);
        QTest::keyClick(edit, Qt::Key_Return); // as it is
        QVERIFY(place.awaitIdle() && !edit->isVisible());
    }

    void messagesAreCopied() {
        Place place;
        place.answerWith("Look:\n```py\nx = 1\n```\ndone");
        QVERIFY(place.ask(QStringLiteral("hello")));
        Place::press(place.cards()[1], "copyButton");
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("Look:\n```py\nx = 1\n```\ndone"));
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

    void hostileMarkdownIsShownAsTextAndFetchesNothing() {
        Place place;
        const QString secret = managers::pathToQt(place.ground.folder() / "secret.png");
        QImage(3, 3, QImage::Format_RGB32).save(secret);
        place.answerWith("<img src=\"http://127.0.0.1:9/x.png\"> <script>alert(1)</script>\n\n"
                         "<table><tr><td>cell</td></tr></table>\n\n"
                         "![photo](http://127.0.0.1:9/y.png) ![](" +
                         managers::fromQt(secret) + ") [click](https://example.org/real)");
        QVERIFY(place.ask(QStringLiteral("hello")));
        const QString shown = place.shownText();
        for (const char* part :
             {"<img src=", "<script>alert(1)</script>", "<td>cell</td>", "photo", "/y.png"})
            QVERIFY2(shown.contains(QLatin1String(part)), qPrintable(shown));
        for (const auto* part : place.cards()[1]->findChildren<MarkdownText*>())
            for (QTextBlock block = part->document()->begin(); block.isValid(); block = block.next())
                for (auto piece = block.begin(); !piece.atEnd(); ++piece)
                    QVERIFY(!piece.fragment().charFormat().isImageFormat());
    }

    void aLinkIsOnlyOpenedAfterItsTargetIsShown() {
        Place place;
        place.answerWith("[bank.example](https://evil.example/login)");
        QVERIFY(place.ask(QStringLiteral("hello")));
        auto* text = place.cards()[1]->findChild<MarkdownText*>();
        Q_EMIT text->anchorClicked(QUrl(QStringLiteral("https://evil.example/login")));
        auto* question = place.find<QMessageBox>("linkQuestion");
        QVERIFY(question->isVisible());
        QVERIFY(question->informativeText().contains(QStringLiteral("https://evil.example/login")));
        QCOMPARE(question->defaultButton(), question->button(QMessageBox::Cancel));
        question->reject();
        Q_EMIT text->anchorClicked(QUrl(QStringLiteral("file:///etc/passwd")));
        QMessageBox* other = nullptr;
        QTRY_VERIFY((other = place.pane->findChild<QMessageBox*>(QStringLiteral("linkQuestion"))) &&
                    other->isVisible());
        for (const auto* button : other->buttons())
            QVERIFY(other->buttonRole(const_cast<QAbstractButton*>(button)) != QMessageBox::AcceptRole);
        other->reject();
    }

    void longLinesAndLongAnswersAreCutIntoBlocks() {
        const QString line(300000, u'x');
        const auto blocks = markdownBlocks(line);
        QVERIFY(blocks.size() > 30);
        QString joined;
        for (const MarkdownBlock& block : blocks) {
            QVERIFY(block.text.size() <= kMaxMarkdownBlock);
            joined += block.text;
        }
        QCOMPARE(joined, line);
    }

    void cuttingAgainFromTheLastBlockGivesTheSame() {
        const QString text =
            QStringLiteral("# Title\n\nText\n\n1. a\n\n2. b\n\n- x\n\nMore\n\n```cpp\nint a;\n\n"
                           "int b;\n```\n\nEnd\n\n~~~\nopen\n");
        std::vector<MarkdownBlock> grown;
        for (qsizetype end = 1; end <= text.size(); ++end) {
            const qsizetype from = grown.empty() ? 0 : grown.back().source;
            if (!grown.empty()) grown.pop_back();
            for (MarkdownBlock block : markdownBlocks(QStringView(text).first(end).sliced(from))) {
                block.source += from;
                grown.push_back(block);
            }
            QCOMPARE(grown, markdownBlocks(QStringView(text).first(end)));
        }
        std::vector<QString> codes;
        for (const MarkdownBlock& block : grown)
            if (block.kind == MarkdownBlock::Kind::Code) codes.push_back(block.text);
        QCOMPARE(codes, (std::vector<QString>{QStringLiteral("int a;\n\nint b;"), QStringLiteral("open")}));
    }

    void codeAtTheVeryEndHasNoFenceInIt() {
        const auto blocks = markdownBlocks(u"Look:\n```py\nx = 1\n```");
        QCOMPARE(blocks.size(), std::size_t{2});
        QCOMPARE(blocks[1].text, QStringLiteral("x = 1"));
        QCOMPARE(blocks[1].language, QStringLiteral("py"));
    }

    void aGrowingAnswerRedrawsItsLastBlockOnly() {
        const QString text = QStringLiteral("First paragraph.\n\nSecond paragraph.\n\n```\ncode\n");
        MessageBody body;
        body.setText(text.first(40), true);
        const auto parts = body.findChildren<MarkdownText*>();
        QCOMPARE(parts.size(), 2);
        QSignalSpy redrawn(parts.front()->document(), &QTextDocument::contentsChange);
        for (qsizetype end = 41; end <= text.size(); ++end)
            body.setText(text.first(end), true);
        QCOMPARE(redrawn.size(), 0);
        QCOMPARE(body.codes(), QStringList{QStringLiteral("code")});
        QCOMPARE(body.findChildren<MarkdownText*>().size(), 2);
    }

    void aLongConversationIsDrawnFromItsEnd() {
        Place place;
        jobs::Conversation long_;
        long_.id = "long";
        long_.model = managers::fromQt(kModel);
        long_.createdAt = long_.updatedAt = "2026-01-31T12:00:00.000Z";
        for (int i = 0; i < 2 * MessageView::kDrawnAtFirst + 1; ++i)
            long_.messages.push_back(
                {i % 2 == 0 ? "user" : "assistant", "m" + std::to_string(i), "stop", 1, 1.0});
        QVERIFY(jobs::writeConversation(systemFiles(), {place.ground.root()}, long_));
        place.chat->openConversation(QStringLiteral("long"));
        QTRY_COMPARE(place.cards().size(), std::size_t{MessageView::kDrawnAtFirst});
        QCOMPARE(place.cards().back()->text(), QStringLiteral("m60"));
        const auto* earlier = place.find<QPushButton>("earlierButton");
        QCOMPARE(earlier->text(), QStringLiteral("Show 31 earlier messages"));
        place.click("earlierButton");
        QCOMPARE(earlier->text(), QStringLiteral("Show 1 earlier message"));
        const auto* note = place.cards().front()->findChild<QLabel*>(QStringLiteral("messageNote"));
        QCOMPARE(note->text(), QStringLiteral("1 token, 1 a second"));
        QCOMPARE(place.cards().size(), std::size_t{2 * MessageView::kDrawnAtFirst});
        QCOMPARE(place.cards().front()->text(), QStringLiteral("m1"));
        QVERIFY(place.ask(QStringLiteral("more")));
        QCOMPARE(place.cards().size(), std::size_t{2 * MessageView::kDrawnAtFirst + 2});
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
        AnswersView view;
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
