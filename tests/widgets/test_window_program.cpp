// The window's program as it is started: by hand, twice, without a display, and ended by signals.

#include <csignal>
#include <filesystem>
#include <memory>

#include <QDir>
#include <QProcess>
#include <QTest>

#include "core/file_layer.h"
#include "support/program_runner.h"

using namespace llamahome;
using namespace llamahome::testing;

namespace {

constexpr int kPatienceMs = 60'000;

/// A home with a runtime folder of its own.
struct Home {
    Home() {
        std::filesystem::create_directories(runtime());
        std::filesystem::permissions(runtime(), std::filesystem::perms::owner_all);
    }

    std::filesystem::path runtime() const { return runner.home() / "runtime"; }
    QStringList variables() const {
        return {QStringLiteral("QT_QPA_PLATFORM=offscreen"),
                QStringLiteral("XDG_RUNTIME_DIR=") + QString::fromStdString(runtime().string())};
    }
    /// Started, and its socket there.
    std::unique_ptr<QProcess> open() const {
        auto process = runner.start({}, variables());
        const bool isThere = QTest::qWaitFor(
            [&] {
                const QDir folder(QString::fromStdString(runtime().string()));
                QStringList sockets = folder.entryList({QStringLiteral("llamahome-*")}, QDir::System);
                return !sockets.isEmpty();
            },
            kPatienceMs);
        if (!isThere) qFatal("no window came: %s", process->readAllStandardError().constData());
        return process;
    }

    ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
};

void send(const QProcess& process, int signal) {
    ::kill(static_cast<pid_t>(process.processId()), signal);
}

} // namespace

class TestWindowProgram final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aSignalEndsAnIdleWindowInOrder() {
        for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
            const Home home;
            const auto window = home.open();
            send(*window, signal);
            const ProgramResult ended = ProgramRunner::finish(*window, kPatienceMs);
            QCOMPARE(ended.code, 0);
            QVERIFY2(ended.err.empty(), ended.err.c_str());
        }
    }

    void aSecondStartEndsAndTheFirstGoesOn() {
        const Home home;
        const auto window = home.open();
        const ProgramResult second = home.runner.run({}, {}, home.variables(), kPatienceMs);
        QCOMPARE(second.code, 0);
        QVERIFY2(second.err.find("is open already") != std::string::npos, second.err.c_str());
        QCOMPARE(window->state(), QProcess::Running);
        send(*window, SIGTERM);
        QCOMPARE(ProgramRunner::finish(*window, kPatienceMs).code, 0);
    }

    void anotherRootHasAWindowOfItsOwn() {
        const Home home;
        const auto window = home.open();
        const QString other = QString::fromStdString((home.runner.home() / "other").string());
        const auto second = home.runner.start({QStringLiteral("--root"), other}, home.variables());
        QVERIFY(QTest::qWaitFor(
            [&] {
                const QDir folder(QString::fromStdString(home.runtime().string()));
                return folder.entryList({QStringLiteral("llamahome-*")}, QDir::System).size() == 2;
            },
            kPatienceMs));
        for (QProcess* process : {window.get(), second.get()}) {
            send(*process, SIGTERM);
            QCOMPARE(ProgramRunner::finish(*process, kPatienceMs).code, 0);
        }
    }

    void aDisplayThatCannotBeReachedIsOneLineAndFive() {
        const Home home;
        const ProgramResult ran =
            home.runner.run({}, {}, {QStringLiteral("DISPLAY=:987"), home.variables().at(1)}, kPatienceMs);
        QCOMPARE(ran.code, 5);
        QVERIFY2(ran.err.starts_with("llamahome: no window: could not connect to display :987"),
                 ran.err.c_str());
        QCOMPARE(ran.err.find('\n'), ran.err.size() - 1);
    }

    void wrongSettingsDoNotKeepTheWindowShut() {
        const Home home;
        const auto folder = home.runner.home() / ".config/llamahome";
        std::filesystem::create_directories(folder);
        QVERIFY(
            writeFileAtomically(systemFiles(), folder / "training_config.yaml", "training: {epochs: [\n"));
        const auto window = home.open();
        send(*window, SIGTERM);
        QCOMPARE(ProgramRunner::finish(*window, kPatienceMs).code, 0);
    }
};

QTEST_GUILESS_MAIN(TestWindowProgram)
#include "test_window_program.moc"
