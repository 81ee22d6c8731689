#include "support/window_ground.h"

#include <QAbstractButton>
#include <QApplication>
#include <QDropEvent>
#include <QMimeData>
#include <QTest>
#include <QUrl>

namespace llamahome::testing {

WindowGround::WindowGround(bool isInstalled, OpenEngine openEngine) {
    ground.openEngine = std::move(openEngine);
    if (isInstalled) ground.install();
    open();
}

WindowGround::~WindowGround() {
    close();
    if (const auto calls = ground.files.violations(); !calls.empty())
        qFatal("on the GUI thread: %s", calls.front().c_str());
}

void WindowGround::open() {
    session.emplace(ground.workspace());
    window.emplace(*session, memory);
    window->resize(1024, 700);
    window->show();
    QApplication::setActiveWindow(&*window);
    if (!QTest::qWaitForWindowActive(&*window)) qFatal("no active window");
    if (!waitFor([this] { return session->models.isListed() && session->settings.isRead(); }))
        qFatal("no list of models came");
}

void WindowGround::close() {
    window.reset();
    session.reset();
}

void WindowGround::click(const char* name) const {
    QTest::mouseClick(&find<QAbstractButton>(name), Qt::LeftButton);
}

void WindowGround::press(Qt::Key key, Qt::KeyboardModifiers modifiers) const {
    QWidget* focused = QApplication::focusWidget();
    QTest::keyClick(focused == nullptr ? window->windowHandle() : focused->window()->windowHandle(), key,
                    modifiers);
}

void WindowGround::drop(const QStringList& paths) const {
    QMimeData data;
    QList<QUrl> urls;
    for (const QString& path : paths)
        urls.append(QUrl::fromLocalFile(path));
    data.setUrls(urls);
    const QPoint at = window->rect().center();
    QWidget* under = window->childAt(at);
    QDragEnterEvent enter(at, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(under, &enter);
    if (!enter.isAccepted()) qFatal("the window takes no drop");
    QDropEvent event(at, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(under, &event);
}

bool WindowGround::waitFor(const std::function<bool()>& condition) {
    return QTest::qWaitFor(condition, kPatienceMs);
}

} // namespace llamahome::testing
