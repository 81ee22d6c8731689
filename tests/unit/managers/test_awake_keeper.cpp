// The computer is kept awake by a child of the test's own, which writes down how it was called and when its
// pipe was closed.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <QTest>
#include <QThread>

#include "core/file_layer.h"
#include "jobs/system/keep_awake.h"
#include "managers/awake_keeper.h"
#include "support/fixed_clock.h"
#include "support/killed.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::managers;
namespace fs = std::filesystem;

namespace {

constexpr int kPatienceMs = 10'000;

/// A program that takes the place of systemd-inhibit.
struct Inhibitor {
    testing::TemporaryFolder folder;
    fs::path program = folder / "inhibit";

    Inhibitor() {
        std::ofstream(program) << "#!/bin/sh\n"
                                  "echo $$ >> \"$0.pids\"\n"
                                  "echo \"$@\" >> \"$0.begun\"\n"
                                  "cat\n"
                                  "echo end >> \"$0.ended\"\n";
        fs::permissions(program, fs::perms::owner_all);
    }
    std::string textOf(const char* ending) const {
        const auto text = readFile(program.string() + ending);
        return text ? *text : std::string();
    }
    /// Whether it comes to be called with those reasons, one after the other.
    bool isBegunFor(const std::vector<std::string>& reasons) const {
        std::string text;
        for (const std::string& reason : reasons)
            text += "--what=sleep:idle --who=LlamaHome --why=" + reason + " cat\n";
        return QTest::qWaitFor([&] { return textOf(".begun") == text; }, kPatienceMs);
    }
    /// Whether the children that it began come to an end.
    bool hasEnded() const {
        return QTest::qWaitFor(
            [this] {
                std::istringstream pids(textOf(".pids"));
                for (pid_t pid = 0; pids >> pid;)
                    if (::kill(pid, 0) == 0) return false;
                return true;
            },
            kPatienceMs);
    }
};

} // namespace

class TestAwakeKeeper final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theFirstLongJobBeginsItAndTheLastEndsIt() {
        const Inhibitor inhibitor;
        const testing::FixedClock clock;
        JobList jobs(clock);
        const AwakeKeeper keeper(jobs, inhibitor.program.string());
        Job& look = jobs.start(JobKind::Inspect, QStringLiteral("Checking"));
        look.setRunning();
        QVERIFY(!keeper.isKeeping());
        Job& train = jobs.start(JobKind::Train, QStringLiteral("Training recipes"));
        QVERIFY(!keeper.isKeeping()); // it waits for its turn
        train.setRunning();
        QVERIFY(keeper.isKeeping());
        QVERIFY(inhibitor.isBegunFor({"Training recipes"}));
        Job& download = jobs.start(JobKind::Download, QStringLiteral("Getting llama"));
        download.setRunning();
        QVERIFY(inhibitor.isBegunFor({"Training recipes", "Training recipes, Getting llama"}));
        train.finish({});
        QVERIFY(
            inhibitor.isBegunFor({"Training recipes", "Training recipes, Getting llama", "Getting llama"}));
        QVERIFY(keeper.isKeeping());
        download.cancel();
        QVERIFY(keeper.isKeeping()); // it still works until it has stopped
        download.finish({});
        QVERIFY(!keeper.isKeeping());
        QVERIFY(inhibitor.hasEnded());
    }

    void itGoesWithAProcessThatIsKilled() {
        const Inhibitor inhibitor;
        QVERIFY(testing::isKilledDuring([&] {
            const jobs::KeepAwake awake("training", inhibitor.program.string());
            while (inhibitor.textOf(".begun").empty())
                QThread::msleep(5);
            ::raise(SIGKILL);
        }));
        QTRY_COMPARE_WITH_TIMEOUT(inhibitor.textOf(".ended"), std::string("end\n"), kPatienceMs);
    }

    void withoutALoginManagerNothingHappens() {
        const jobs::KeepAwake absent("training", "/nowhere/systemd-inhibit");
        const jobs::KeepAwake refusing("training", "false");
    }
};

QTEST_GUILESS_MAIN(TestAwakeKeeper)
#include "test_awake_keeper.moc"
