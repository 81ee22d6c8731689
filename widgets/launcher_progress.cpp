#include "widgets/launcher_progress.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QGuiApplication>
#include <QVariantMap>

namespace llamahome::widgets {

LauncherProgress::~LauncherProgress() {
    set(-1);
}

void LauncherProgress::set(int percent) {
    if (percent == m_percent) return;
    m_percent = percent;
    if (!qEnvironmentVariableIsSet("DBUS_SESSION_BUS_ADDRESS")) return; // asking would start a bus
    QDBusMessage update = QDBusMessage::createSignal(QStringLiteral("/llamahome"),
                                                     QStringLiteral("com.canonical.Unity.LauncherEntry"),
                                                     QStringLiteral("Update"));
    const QVariantMap entry{{QStringLiteral("progress"), percent < 0 ? 0.0 : percent / 100.0},
                            {QStringLiteral("progress-visible"), percent >= 0}};
    update << QStringLiteral("application://%1.desktop").arg(QGuiApplication::desktopFileName()) << entry;
    QDBusConnection::sessionBus().send(update);
}

} // namespace llamahome::widgets
