#include <algorithm>
#include <csignal>
#include <filesystem>
#include <thread>

#include <sys/resource.h>
#include <sys/stat.h>

#include <QRegularExpression>
#include <QTest>

#include "app/log_setup.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "support/fault_file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::app;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> linesOf(const fs::path& path) {
    const auto text = readFile(path);
    std::vector<std::string> lines;
    if (!text) return lines;
    for (std::size_t begin = 0; begin < text->size();) {
        const std::size_t end = std::min(text->find('\n', begin), text->size());
        lines.push_back(text->substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

std::shared_ptr<ProgramLog> opened(const fs::path& file, const config::LoggingSettings& settings = {}) {
    auto log = ProgramLog::open(systemFiles(), settings, file, false);
    if (!log) qFatal("%s", log.error().message.c_str());
    return *log;
}

} // namespace

class TestLogSetup final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void cleanup() { setLogSink(nullptr); }

    void linesHaveTimeLevelAndModule() {
        const TemporaryFolder folder;
        opened(folder / "log/llamahome.log")->write(LogLevel::Warning, "jobs", "disk is nearly full");
        const auto lines = linesOf(folder / "log/llamahome.log");
        QCOMPARE(lines.size(), std::size_t(1));
        static const QRegularExpression form(QStringLiteral(
            "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z warning jobs: disk is nearly full$"));
        QVERIFY2(form.match(QString::fromStdString(lines[0])).hasMatch(), lines[0].c_str());
    }

    void eachModuleHasItsLevel() {
        const TemporaryFolder folder;
        config::LoggingSettings settings;
        settings.levels.fallback = "warning";
        settings.levels.jobs = "debug";
        settings.levels.engine = "off";
        const auto log = opened(folder / "x.log", settings);
        for (const char* module : {"jobs", "engine", "text", "unheard"})
            for (const LogLevel level : {LogLevel::Trace, LogLevel::Debug, LogLevel::Info, LogLevel::Warning,
                                         LogLevel::Error, LogLevel::Off})
                log->write(level, module, "x");
        std::vector<std::string> seen;
        for (const std::string& line : linesOf(folder / "x.log"))
            seen.push_back(line.substr(25));
        QVERIFY(seen == (std::vector<std::string>{"debug jobs: x", "info jobs: x", "warning jobs: x",
                                                  "error jobs: x", "warning text: x", "error text: x",
                                                  "warning unheard: x", "error unheard: x"}));
    }

    void secretsNeverReachTheFile() {
        const TemporaryFolder folder;
        setLogSink(opened(folder / "x.log"));
        logLine(LogLevel::Error, "jobs", "GET with Bearer abcdefghijklmnop");
        const auto lines = linesOf(folder / "x.log");
        QVERIFY(lines.at(0).ends_with("Bearer [redacted]"));
    }

    void aMessageStaysOnOneLine() {
        const TemporaryFolder folder;
        opened(folder / "x.log")->write(LogLevel::Error, "app", "a\nb\r\x1B[31mc");
        QCOMPARE(linesOf(folder / "x.log").size(), std::size_t(1));
        QVERIFY(linesOf(folder / "x.log")[0].ends_with("app: a\\nb  [31mc"));
    }

    void aSecondStartAppends() {
        const TemporaryFolder folder;
        opened(folder / "x.log")->write(LogLevel::Error, "app", "one");
        opened(folder / "x.log")->write(LogLevel::Error, "app", "two");
        QCOMPARE(linesOf(folder / "x.log").size(), std::size_t(2));
    }

    void theFileIsRotatedAndOnlySoManyAreKept() {
        const TemporaryFolder folder;
        config::LoggingSettings settings;
        settings.rotation.max_size_mib = 1;
        settings.rotation.max_files = 2;
        const auto log = opened(folder / "x.log", settings);
        const std::string kilobyte(1000, 'x');
        for (int i = 0; i < 3500; ++i)
            log->write(LogLevel::Error, "app", kilobyte);
        std::size_t files = 0;
        for (const auto& entry : fs::directory_iterator(folder.path())) {
            QVERIFY(entry.file_size() <= (1U << 20U));
            ++files;
        }
        QCOMPARE(files, std::size_t(2));
        QVERIFY(fs::exists(folder / "x.1.log"));
    }

    void aRunLogGetsTheLinesOfItsTime() {
        const TemporaryFolder folder;
        const auto log = opened(folder / "x.log");
        log->write(LogLevel::Info, "jobs", "before");
        {
            const auto first = log->openRunLog(folder / "run.log");
            QVERIFY(first);
            const auto second = log->openRunLog(folder / "other.log");
            log->write(LogLevel::Info, "jobs", "during");
        }
        log->write(LogLevel::Info, "jobs", "after");
        QCOMPARE(linesOf(folder / "x.log").size(), std::size_t(3));
        for (const char* name : {"run.log", "other.log"}) {
            QCOMPARE(linesOf(folder / name).size(), std::size_t(1));
            QVERIFY(linesOf(folder / name)[0].ends_with("during"));
        }
        const auto resumed = log->openRunLog(folder / "run.log");
        log->write(LogLevel::Info, "jobs", "resumed");
        QCOMPARE(linesOf(folder / "run.log").size(), std::size_t(2));
    }

    void aRunLogMayOutliveTheProgramsLog() {
        const TemporaryFolder folder;
        auto log = ProgramLog::withoutFile({}, false);
        auto run = log->openRunLog(folder / "run.log");
        log->write(LogLevel::Error, "jobs", "x");
        log.reset();
        *run = nullptr;
        QCOMPARE(linesOf(folder / "run.log").size(), std::size_t(1));
    }

    void linesOfSeveralThreadsStayWhole() {
        const TemporaryFolder folder;
        const auto log = opened(folder / "x.log");
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 100; ++i)
                    log->write(LogLevel::Info, "jobs", "a line of some length");
            });
        for (std::thread& thread : threads)
            thread.join();
        const auto lines = linesOf(folder / "x.log");
        QCOMPARE(lines.size(), std::size_t(400));
        for (const std::string& line : lines)
            QVERIFY(line.ends_with("Z info jobs: a line of some length"));
    }

    void whatCannotBeOpenedIsRefusedByName() {
        const TemporaryFolder folder;
        fs::create_directory(folder / "folder");
        QCOMPARE(::mkfifo((folder / "pipe").c_str(), 0600), 0);
        for (const char* name : {"folder", "pipe"}) {
            const auto log = ProgramLog::open(systemFiles(), {}, folder / name, false);
            QVERIFY(!log);
            QVERIFY(log.error().code == codes::kLogOpen);
            QVERIFY(log.error().message.find(name) != std::string::npos);
        }
        FaultFileLayer full(1, Fault::DiskFull);
        QVERIFY(ProgramLog::open(full, {}, folder / "a/x.log", false).error().code == codes::kLogOpen);
        QVERIFY(!ProgramLog::withoutFile({}, false)->openRunLog(folder / "pipe"));
    }

    // A limit on the file's size fails writes as a full disk does.
    void linesThatCannotBeWrittenAreDroppedAndLaterOnesAreNot() {
        const TemporaryFolder folder;
        const auto log = opened(folder / "x.log");
        log->write(LogLevel::Error, "jobs", "before");
        rlimit former{};
        QCOMPARE(::getrlimit(RLIMIT_FSIZE, &former), 0);
        const auto formerSignal = std::signal(SIGXFSZ, SIG_IGN);
        const rlimit small{64, former.rlim_max};
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &small), 0);
        for (int i = 0; i < 10; ++i)
            log->write(LogLevel::Error, "jobs", std::string(1000, 'x'));
        const std::uintmax_t sizeAtLimit = fs::file_size(folder / "x.log");
        ::setrlimit(RLIMIT_FSIZE, &former);
        std::signal(SIGXFSZ, formerSignal);
        QVERIFY(sizeAtLimit <= 64);
        log->write(LogLevel::Error, "jobs", "after");
        QVERIFY(linesOf(folder / "x.log").back().ends_with("after"));
    }
};

QTEST_GUILESS_MAIN(TestLogSetup)
#include "test_log_setup.moc"
