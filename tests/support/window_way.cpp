#include "support/window_way.h"

#include <QAbstractButton>
#include <QApplication>
#include <QTest>

#include "llama/engine_loader.h"
#include "support/window_picture.h"
#include "widgets/markdown_text.h"
#include "widgets/message_card.h"
#include "widgets/message_view.h"

namespace llamahome::testing {
namespace {

constexpr int kMostTabs = 120;

/// The size of the manual's pictures.
constexpr QSize kPictureSize{1280, 800};

} // namespace

WindowWay::WindowWay(const std::filesystem::path& engineFolder)
    : m_ground(false, [engineFolder] { return engine::openEngine({engineFolder}); }) {
    applyPictureTheme();
    if (takesPictures()) window().resize(kPictureSize);
}

void WindowWay::await(const char* what, const std::function<bool()>& condition, int patienceMs) const {
    if (!QTest::qWaitFor(condition, patienceMs)) qFatal("did not come: %s", what);
}

QWidget& WindowWay::shownWidget(const char* name, int patienceMs) const {
    QWidget* found = nullptr;
    await(
        name,
        [&] {
            for (QWidget* widget : window().findChildren<QWidget*>(QString::fromLatin1(name)))
                if (widget->isVisible() && widget->isEnabled()) found = widget;
            return found != nullptr;
        },
        patienceMs);
    return *found;
}

void WindowWay::click(const char* name, int patienceMs) const {
    QTest::mouseClick(&shown<QAbstractButton>(name, patienceMs), Qt::LeftButton);
}

void WindowWay::tabTo(const char* name, int patienceMs) const {
    QWidget& wanted = shownWidget(name, patienceMs);
    QApplication::setActiveWindow(wanted.window()); // as a window manager does
    for (int tab = 0; tab < kMostTabs && QApplication::focusWidget() != &wanted; ++tab)
        QTest::keyClick(wanted.window()->windowHandle(), Qt::Key_Tab);
    if (QApplication::focusWidget() != &wanted) qFatal("Tab does not reach: %s", name);
}

void WindowWay::press(Qt::Key key, Qt::KeyboardModifiers modifiers) const {
    m_ground.press(key, modifiers);
}

void WindowWay::type(const char* name, const QString& text) const {
    QTest::keyClicks(&shownWidget(name), text);
}

void WindowWay::awaitTraining(managers::TrainingState state) const {
    const managers::TrainingManager& training = m_ground.session->training;
    const bool came = QTest::qWaitFor([&] { return training.state() == state; }, kWorkMs);
    if (!came)
        qFatal("training is in state %d, not %d: %s", static_cast<int>(training.state()),
               static_cast<int>(state), training.problem() ? training.problem()->message.c_str() : "");
}

void WindowWay::awaitModel(const QString& name) const {
    const managers::ModelManager& models = m_ground.session->models;
    await(
        "the model in the list",
        [&] {
            const auto found = models.find(name);
            return found && found->isUsable();
        },
        kWorkMs);
}

QString WindowWay::awaitAnswer() const {
    const managers::ChatManager& chat = m_ground.session->chat;
    const auto& view = *window().findChild<widgets::MessageView*>(QStringLiteral("messageView"));
    await(
        "an answer", [&] { return !chat.isBusy() && view.cards().size() >= 2; }, kWorkMs);
    QString text;
    for (const auto* part : view.cards().back()->findChildren<widgets::MarkdownText*>())
        text += part->toPlainText();
    return text;
}

void WindowWay::picture(const char* name) const {
    takePicture(window(), name);
}

} // namespace llamahome::testing
