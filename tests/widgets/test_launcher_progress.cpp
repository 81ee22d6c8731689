// The bar on the program's icon: what is said on a session bus of the test's own.
#include <QDBusConnection>
#include <QDBusMessage>
#include <QGuiApplication>
#include <QProcess>
#include <QtTest>

#include "widgets/launcher_progress.h"

using namespace llamahome::widgets;

namespace {

constexpr int kPatienceMs = 10'000;

} // namespace

class TestLauncherProgress final : public QObject {
    Q_OBJECT

public:
    struct Update {
        QString application;
        double progress = 0.0;
        bool isVisible = false;
    };

private Q_SLOTS:
    void initTestCase() {
        m_bus.start(QStringLiteral("dbus-daemon"), {QStringLiteral("--session"), QStringLiteral("--nofork"),
                                                    QStringLiteral("--print-address")});
        QVERIFY2(m_bus.waitForStarted(kPatienceMs), "dbus-daemon is not installed");
        QTRY_VERIFY_WITH_TIMEOUT(m_bus.canReadLine(), kPatienceMs);
        const QByteArray address = m_bus.readLine().trimmed();
        QVERIFY(qputenv("DBUS_SESSION_BUS_ADDRESS", address));
        QGuiApplication::setDesktopFileName(QStringLiteral("llamahome"));
        QDBusConnection listener =
            QDBusConnection::connectToBus(QString::fromLatin1(address), QStringLiteral("listener"));
        QVERIFY(listener.connect({}, {}, QStringLiteral("com.canonical.Unity.LauncherEntry"),
                                 QStringLiteral("Update"), this, SLOT(heard(QString, QVariantMap))));
    }
    void cleanupTestCase() {
        QDBusConnection::disconnectFromBus(QStringLiteral("listener"));
        m_bus.kill();
        m_bus.waitForFinished();
    }

    void everyNewValueIsSaidOnceAndTheEndTakesTheBarAway() {
        {
            LauncherProgress progress;
            progress.set(-1);
            progress.set(40);
            progress.set(40);
            progress.set(75);
            QTRY_COMPARE_WITH_TIMEOUT(m_updates.size(), 2, kPatienceMs);
            QCOMPARE(m_updates.front().application, QStringLiteral("application://llamahome.desktop"));
            QCOMPARE(m_updates.front().progress, 0.4);
            QVERIFY(m_updates.front().isVisible);
            QCOMPARE(m_updates.back().progress, 0.75);
        }
        QTRY_COMPARE_WITH_TIMEOUT(m_updates.size(), 3, kPatienceMs);
        QVERIFY(!m_updates.back().isVisible);
    }

public Q_SLOTS:
    void heard(const QString& application, const QVariantMap& entry) {
        m_updates.append({application, entry.value(QStringLiteral("progress")).toDouble(),
                          entry.value(QStringLiteral("progress-visible")).toBool()});
    }

private:
    QProcess m_bus;
    QList<Update> m_updates;
};

QTEST_MAIN(TestLauncherProgress)
#include "test_launcher_progress.moc"
