// Notifications of the desktop: what is said to its service on a session bus of the test's own.
#include <QDBusConnection>
#include <QDBusMessage>
#include <QGuiApplication>
#include <QProcess>
#include <QSignalSpy>
#include <QtTest>

#include "widgets/desktop_notices.h"

using llamahome::widgets::DesktopNotices;

namespace {

constexpr int kPatienceMs = 10'000;
const QString kService = QStringLiteral("org.freedesktop.Notifications");
const QString kPath = QStringLiteral("/org/freedesktop/Notifications");

} // namespace

/// The desktop's side.
class NotificationService final : public QObject {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.Notifications")

public:
    struct Notice {
        QString title;
        QString text;
        QStringList actions;
        QVariantMap hints;
    };
    QList<Notice> notices;

public Q_SLOTS:
    uint Notify(const QString& program, uint replaced, const QString& icon, const QString& title,
                const QString& text, const QStringList& actions, const QVariantMap& hints, int timeout) {
        Q_UNUSED(icon)
        if (program == QStringLiteral("LlamaHome") && replaced == 0 && timeout == -1)
            notices.append({title, text, actions, hints});
        return static_cast<uint>(notices.size()) + 40U;
    }
};

class TestDesktopNotices final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        m_bus.start(QStringLiteral("dbus-daemon"), {QStringLiteral("--session"), QStringLiteral("--nofork"),
                                                    QStringLiteral("--print-address")});
        QVERIFY2(m_bus.waitForStarted(kPatienceMs), "dbus-daemon is not installed");
        QTRY_VERIFY_WITH_TIMEOUT(m_bus.canReadLine(), kPatienceMs);
        const QByteArray address = m_bus.readLine().trimmed();
        QVERIFY(qputenv("DBUS_SESSION_BUS_ADDRESS", address));
        QGuiApplication::setDesktopFileName(QStringLiteral("llamahome"));
        m_address = QString::fromLatin1(address);
    }
    void cleanupTestCase() {
        QDBusConnection::disconnectFromBus(QStringLiteral("desktop"));
        m_bus.kill();
        m_bus.waitForFinished();
    }

    void withoutAServiceNothingHappens() {
        DesktopNotices notices;
        QSignalSpy activated(&notices, &DesktopNotices::activated);
        notices.show(QStringLiteral("Training recipes"), QStringLiteral("done"), false);
        QTest::qWait(0);
        QCOMPARE(activated.size(), 0);
    }

    void aNoticeIsShownAndItsClickIsTold() {
        QDBusConnection desktop = QDBusConnection::connectToBus(m_address, QStringLiteral("desktop"));
        NotificationService service;
        QVERIFY(desktop.registerObject(kPath, &service, QDBusConnection::ExportAllSlots));
        QVERIFY(desktop.registerService(kService));
        DesktopNotices notices;
        QSignalSpy activated(&notices, &DesktopNotices::activated);
        notices.show(QStringLiteral("Training recipes"), QStringLiteral("failed: a < b"), true);
        QTRY_COMPARE_WITH_TIMEOUT(service.notices.size(), 1, kPatienceMs);
        const NotificationService::Notice& notice = service.notices.front();
        QCOMPARE(notice.title, QStringLiteral("Training recipes"));
        QCOMPARE(notice.text, QStringLiteral("failed: a &lt; b"));
        QCOMPARE(notice.actions.value(0), QStringLiteral("default"));
        QCOMPARE(notice.hints.value(QStringLiteral("desktop-entry")).toString(), QStringLiteral("llamahome"));
        QCOMPARE(notice.hints.value(QStringLiteral("urgency")).toInt(), 2);
        const auto click = [&desktop](uint id) {
            QDBusMessage signal =
                QDBusMessage::createSignal(kPath, kService, QStringLiteral("ActionInvoked"));
            signal << id << QStringLiteral("default");
            desktop.send(signal);
        };
        QVERIFY(QTest::qWaitFor(
            [&] {
                click(41U); // the answer with the number may still be on its way
                return activated.size() > 0;
            },
            kPatienceMs));
        notices.show(QStringLiteral("Another"), QStringLiteral("done"), false);
        QTRY_COMPARE_WITH_TIMEOUT(service.notices.size(), 2, kPatienceMs);
        QCOMPARE(service.notices.back().hints.value(QStringLiteral("urgency")).toInt(), 1);
    }

private:
    QProcess m_bus;
    QString m_address;
};

QTEST_MAIN(TestDesktopNotices)
#include "test_desktop_notices.moc"
