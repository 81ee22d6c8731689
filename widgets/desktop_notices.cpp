#include "widgets/desktop_notices.h"

#include <utility>

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QGuiApplication>
#include <QStringList>
#include <QVariantMap>

namespace llamahome::widgets {
namespace {

const QString kService = QStringLiteral("org.freedesktop.Notifications");
const QString kPath = QStringLiteral("/org/freedesktop/Notifications");
const QString kClick = QStringLiteral("default"); ///< the action of the notice itself
constexpr int kServerDecides = -1;
constexpr uchar kNormal = 1;
constexpr uchar kCritical = 2;

} // namespace

DesktopNotices::DesktopNotices(QObject* parent)
    : QObject(parent) {}

void DesktopNotices::listen() {
    if (std::exchange(m_isListening, true)) return;
    QDBusConnection bus = QDBusConnection::sessionBus();
    bus.connect({}, kPath, kService, QStringLiteral("ActionInvoked"), this, SLOT(hearAction(uint, QString)));
    bus.connect({}, kPath, kService, QStringLiteral("NotificationClosed"), this, SLOT(hearClosed(uint)));
}

void DesktopNotices::show(const QString& title, const QString& text, bool isUrgent) {
    if (!qEnvironmentVariableIsSet("DBUS_SESSION_BUS_ADDRESS")) return; // asking would start a bus
    listen();
    QDBusMessage notify = QDBusMessage::createMethodCall(kService, kPath, kService, QStringLiteral("Notify"));
    const QString icon = QGuiApplication::desktopFileName(); // installed under that name
    const QVariantMap hints{{QStringLiteral("desktop-entry"), QGuiApplication::desktopFileName()},
                            {QStringLiteral("urgency"), QVariant::fromValue(isUrgent ? kCritical : kNormal)}};
    notify << QStringLiteral("LlamaHome") << 0U << icon << title << text.toHtmlEscaped()
           << QStringList{kClick, tr("Open")} << hints << kServerDecides;
    auto* call = new QDBusPendingCallWatcher(QDBusConnection::sessionBus().asyncCall(notify), this);
    connect(call, &QDBusPendingCallWatcher::finished, this, [this, call] {
        const QDBusPendingReply<uint> reply(*call);
        if (reply.isValid()) m_shown.insert(reply.value());
        call->deleteLater();
    });
}

/// Signals come for the notices of every program.
void DesktopNotices::hearAction(uint id, const QString& action) {
    if (action == kClick && m_shown.contains(id)) Q_EMIT activated();
}

void DesktopNotices::hearClosed(uint id) {
    m_shown.remove(id);
}

} // namespace llamahome::widgets
