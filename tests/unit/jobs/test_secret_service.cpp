// The keychain against a real Secret Service, gnome-keyring, on a session bus of the test's own. Skipped
// where dbus-run-session or gnome-keyring-daemon is not installed.
#include <future>

#include <unistd.h>

#include <QDBusConnection>
#include <QDBusConnectionInterface>
#include <QDBusMessage>
#include <QDBusObjectPath>
#include <QDBusVirtualObject>
#include <QProcess>
#include <QStandardPaths>
#include <QTest>

#include "core/error_codes.h"
#include "jobs/system/hub_tokens.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;

namespace {

constexpr int kPatienceMs = 30'000;
constexpr const char* kBusIsOurs = "LLAMAHOME_TEST_BUS_IS_OURS";
constexpr const char* kName = "token for https://huggingface.co";
const QString kService = QStringLiteral("org.freedesktop.secrets");
const QString kPrompterName = QStringLiteral("org.gnome.keyring.SystemPrompter");

QString keyringProgram() {
    return QStandardPaths::findExecutable(QStringLiteral("gnome-keyring-daemon"));
}

/// Asks the user for a password, who never gives one.
class SilentPrompter final : public QDBusVirtualObject {
public:
    SilentPrompter() {
        m_bus.registerVirtualObject(QStringLiteral("/org/gnome/keyring/Prompter"), this);
        m_bus.registerService(kPrompterName);
    }
    QString introspect(const QString&) const override { return {}; }
    bool handleMessage(const QDBusMessage& message, const QDBusConnection& bus) override {
        if (message.member() == QLatin1String("BeginPrompting")) m_isAsked = true;
        return bus.send(message.createReply());
    }
    bool isAsked() const { return m_isAsked; }

private:
    QDBusConnection m_bus = QDBusConnection::sessionBus();
    bool m_isAsked = false;
};

/// The names of the bus as the environment has them.
config::Environment sessionEnvironment() {
    return {{"DBUS_SESSION_BUS_ADDRESS", qgetenv("DBUS_SESSION_BUS_ADDRESS").toStdString()}};
}

} // namespace

class TestSecretService final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        if (!qEnvironmentVariableIsSet(kBusIsOurs)) QSKIP("no dbus-run-session or no gnome-keyring-daemon");
        const QString folder = QString::fromStdString(m_folder.path().string());
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        for (const char* name : {"HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"})
            environment.insert(QString::fromLatin1(name), folder);
        m_service.setProcessEnvironment(environment);
        m_service.setStandardOutputFile(QProcess::nullDevice());
        m_service.start(keyringProgram(), {QStringLiteral("--foreground"), QStringLiteral("--unlock"),
                                           QStringLiteral("--components=secrets")});
        m_service.write("a password"); // with an empty one it makes no keyring
        m_service.closeWriteChannel();
        const auto isThere = [] {
            return QDBusConnection::sessionBus().interface()->isServiceRegistered(kService).value();
        };
        QTRY_VERIFY2_WITH_TIMEOUT(isThere(), m_service.readAllStandardError().constData(), kPatienceMs);
        m_keychain = network::openKeychain(sessionEnvironment());
        QVERIFY(m_keychain != nullptr);
    }

    void cleanupTestCase() {
        m_service.kill();
        m_service.waitForFinished(kPatienceMs);
    }

    void aSecretIsKeptReplacedAndRemoved() {
        const auto nothing = m_keychain->read(kName, {});
        QVERIFY2(nothing, nothing ? "" : nothing.error().message.c_str());
        QCOMPARE(*nothing, std::string());
        for (const char* secret : {"hf_first", "hf_second, with more: ä €"}) {
            const auto written = m_keychain->write(kName, secret, {});
            QVERIFY2(written, written ? "" : written.error().message.c_str());
            QCOMPARE(*m_keychain->read(kName, {}), std::string(secret));
        }
        QCOMPARE(*m_keychain->read("token for https://hf.example", {}), std::string());
        QVERIFY(m_keychain->remove(kName, {}));
        QCOMPARE(*m_keychain->read(kName, {}), std::string());
        QVERIFY(m_keychain->remove(kName, {}));
    }

    void theHubsTokenIsFoundThere() {
        QVERIFY(m_keychain->write(kName, "hf_ofTheKeychain", {}));
        config::Environment environment = sessionEnvironment();
        environment["HF_TOKEN"] = "hf_ofTheVariable";
        auto tokens = HubTokens::of({}, environment);
        QVERIFY(tokens);
        const auto found = tokens->find({});
        QVERIFY(found);
        QCOMPARE(found->text, std::string("hf_ofTheKeychain"));
        QCOMPARE(tokens->state({}).origin, std::string(kKeychainOrigin));
    }

    void aLockedOneThatCannotAskIsPassedOver() {
        lock();
        config::Environment environment = sessionEnvironment();
        environment["HF_TOKEN"] = "hf_ofTheVariable";
        auto tokens = HubTokens::of({}, environment);
        const auto found = tokens->find({});
        QVERIFY2(found, found ? "" : found.error().message.c_str());
        QCOMPARE(found->origin, std::string("HF_TOKEN"));
    }

    /// The last one: what it asked for is still under way when the program ends.
    void aLockedOneThatAsksTheUserIsLeftOnCancel() {
        SilentPrompter prompter;
        const CancelToken cancel;
        auto reading = std::async(std::launch::async, [&] { return m_keychain->read(kName, cancel); });
        QTRY_VERIFY_WITH_TIMEOUT(prompter.isAsked(), kPatienceMs);
        QVERIFY(reading.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
        cancel.cancel();
        const auto read = reading.get();
        QVERIFY(!read);
        QCOMPARE(read.error().code, codes::kCancelled);
    }

private:
    static void lock() {
        QDBusMessage call = QDBusMessage::createMethodCall(
            kService, QStringLiteral("/org/freedesktop/secrets"),
            QStringLiteral("org.freedesktop.Secret.Service"), QStringLiteral("Lock"));
        const QDBusObjectPath keyring(QStringLiteral("/org/freedesktop/secrets/collection/login"));
        call << QVariant::fromValue(QList<QDBusObjectPath>{keyring});
        const QDBusMessage answer = QDBusConnection::sessionBus().call(call);
        QCOMPARE(answer.type(), QDBusMessage::ReplyMessage);
    }

    TemporaryFolder m_folder;
    QProcess m_service;
    std::unique_ptr<network::Keychain> m_keychain;
};

/// Begins anew on a bus of its own.
int main(int count, char** words) {
    if (!qEnvironmentVariableIsSet(kBusIsOurs) && !keyringProgram().isEmpty()) {
        qputenv(kBusIsOurs, "1");
        const std::string bus = "--config-file=" LLAMAHOME_SOURCE_DIR "/tests/support/session_bus.conf";
        std::vector<char*> arguments;
        for (const char* word : {"dbus-run-session", bus.c_str(), "--"})
            arguments.push_back(const_cast<char*>(word));
        arguments.insert(arguments.end(), words, words + count);
        arguments.push_back(nullptr);
        ::execvp("dbus-run-session", arguments.data());
        qunsetenv(kBusIsOurs);
    }
    QCoreApplication application(count, words);
    TestSecretService test;
    return QTest::qExec(&test, count, words);
}
#include "test_secret_service.moc"
