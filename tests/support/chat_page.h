// The chat page in a window of its own, over the fake engine: what its tests need. GUI thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <QAbstractButton>
#include <QApplication>
#include <QPushButton>
#include <QTest>

#include "managers/chat_manager.h"
#include "managers/model_manager.h"
#include "managers/settings_manager.h"
#include "managers/text.h"
#include "managers/training_manager.h"
#include "support/manager_ground.h"
#include "support/step_gate.h"
#include "support/trained_run.h"
#include "widgets/chat_input.h"
#include "widgets/chat_pane.h"
#include "widgets/markdown_text.h"
#include "widgets/message_bar.h"
#include "widgets/message_card.h"
#include "widgets/message_view.h"
#include "widgets/window_memory.h"

namespace llamahome::testing {

inline const QString kModel = QStringLiteral("smollm2/135m-instruct");

struct ChatPage {
    ManagerGround ground;
    StepGate tokens;
    StepGate steps;
    QString adapter;
    widgets::WindowMemory memory{{}};
    std::unique_ptr<managers::ManagerContext> context;
    std::unique_ptr<managers::SettingsManager> settings;
    std::unique_ptr<managers::ModelManager> models;
    std::unique_ptr<managers::TrainingManager> training;
    std::unique_ptr<managers::ChatManager> chat;
    std::unique_ptr<widgets::ChatPane> pane;

    explicit ChatPage(bool isInstalled = true, bool hasAdapter = false) {
        if (isInstalled) ground.install();
        if (hasAdapter) adapter = managers::toQt(trainRun(ground).adapterName);
        FakeScript& script = ground.engine.script();
        script.beforeToken = [this](std::size_t n) { tokens.pass(static_cast<std::int64_t>(n) + 1); };
        script.beforeStep = [this](std::int64_t step) { steps.pass(step); };
        context = std::make_unique<managers::ManagerContext>(ground.workspace());
        settings = std::make_unique<managers::SettingsManager>(*context);
        models = std::make_unique<managers::ModelManager>(*context);
        training = std::make_unique<managers::TrainingManager>(*context, *models, *settings);
        chat = std::make_unique<managers::ChatManager>(*context, *models, *settings);
        pane = std::make_unique<widgets::ChatPane>(*chat, *models, *training, memory);
        pane->resize(1024, 640);
        pane->show();
        QApplication::setActiveWindow(pane.get());
        if (!QTest::qWaitForWindowActive(pane.get())) qFatal("no window");
        if (!wait([this] { return models->isListed() && settings->isRead() && chat->isListed(); }))
            qFatal("nothing is listed");
    }
    ~ChatPage() {
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
    widgets::ChatInput* input() const { return find<widgets::ChatInput>("chatInput"); }
    widgets::MessageBar* bar(const char* name = "messageBar") const {
        return find<widgets::MessageBar>(name);
    }
    const std::vector<widgets::MessageCard*>& cards() const {
        return find<widgets::MessageView>("messageView")->cards();
    }
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
        QVERIFY(wait([this] { return training->state() == managers::TrainingState::Ready; }));
        steps.holdBefore(3);
        training->start();
        QVERIFY(wait([this] { return steps.isReached(); }));
        QTRY_VERIFY(training->state() == managers::TrainingState::Running);
    }
    bool open(const std::string& id) const {
        chat->openConversation(managers::toQt(id));
        return wait([&] { return chat->current().id == id; });
    }
    /// The editor of a user's message, with another text in it where one is given.
    widgets::ChatInput* edit(std::size_t card, const QString& text = {}) const {
        press(cards()[card], "editButton");
        auto* editor = cards()[card]->findChild<widgets::ChatInput*>(QStringLiteral("editMessage"));
        if (!text.isEmpty()) editor->setPlainText(text);
        return editor;
    }
    QPushButton* runAction() const {
        return bar("runBar")->findChild<QPushButton*>(QStringLiteral("messageButton"));
    }
    /// All that the newest card shows.
    QString shownText() const {
        QString text;
        for (const auto* part : cards().back()->findChildren<widgets::MarkdownText*>())
            text += part->toPlainText() + u'\n';
        return text;
    }
};

} // namespace llamahome::testing
