#include <sys/wait.h>
#include <unistd.h>

#include <QTest>

#include "config/settings_loader.h"
#include "core/error_codes.h"
#include "core/json.h"
#include "jobs/train/run_folder.h"
#include "jobs/train/run_list.h"
#include "jobs/train/run_note.h"
#include "support/fault_file_layer.h"
#include "support/fixed_clock.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

RunRecord someRecord() {
    RunRecord record;
    record.family = "smollm2";
    record.version = "135m-instruct";
    record.modelFolder = "/models/smollm2";
    record.hubId = "org/name";
    record.modelDigest = std::string(64, 'a');
    record.dataFiles = {{"/data/a.jsonl", 1234, std::string(64, 'b')},
                        {"/data/b.jsonl", 0, std::string(64, 'c')}};
    record.settings = {{"training.seed", "42"}, {"training.lora.target_modules", "q_proj, v_proj"}};
    record.commandLine = "llamahome train smollm2 --data \"a b\"";
    record.programVersion = "0.1.0";
    record.totalSteps = 120;
    return record;
}

} // namespace

class TestRuns final : public QObject {
    Q_OBJECT

private:
    const FixedClock m_clock{};

    Result<RunFolder> make(const DataRoot& root, const std::string& name, config::Settings settings = {},
                           FileLayer& files = systemFiles()) {
        return RunFolder::create(files, root.checkpoints(), name, settings, someRecord(), m_clock);
    }

    static Result<void> remove(const DataRoot& root, const RunRemovalPlan& plan,
                               FileLayer& files = systemFiles()) {
        const auto lock = RootLock::acquire(root);
        return lock ? removeRun(plan, *lock, files) : Result<void>(lock.error());
    }

    static void finish(RunFolder& run, const Clock& clock) {
        RunRecord record = run.record();
        record.state = RunState::Finished;
        QVERIFY(run.update(record, clock));
    }

private Q_SLOTS:
    void aRunHasItsSettingsAndItsRecord() {
        const TemporaryFolder folder;
        const DataRoot root{folder.path()};
        config::Settings settings;
        settings.training.learning_rate = 1.25e-4;
        settings.training.lora.target_modules = {"q_proj", "down_proj"};
        const auto run = make(root, "first", settings);
        QVERIFY2(run, run ? "" : run.error().message.c_str());
        QVERIFY(run->path() == root.checkpoints() / "first");
        config::SettingsSources sources;
        sources.configFile = run->configFile();
        const auto loaded = config::loadSettings(sources);
        QVERIFY2(loaded, loaded ? "" : loaded.error().message.c_str());
        QCOMPARE(loaded->values.training.learning_rate, 1.25e-4);
        QVERIFY(loaded->values.training.lora.target_modules == settings.training.lora.target_modules);
        const auto json = readJsonFile(run->recordFile());
        QVERIFY(json);
        QCOMPARE((*json)["state"].get<std::string>(), std::string("running"));
        QCOMPARE((*json)["started"].get<std::string>(), std::string("2026-01-31T12:00:00.000Z"));
    }

    void aRecordComesBackWhole() {
        RunRecord record = someRecord();
        record.validationFile = RunDataFile{"/data/v.jsonl", 5, std::string(64, 'd')};
        record.initAdapter = "/adapters/x";
        record.initAdapterDigest = std::string(64, 'e');
        record.precision = "bf16";
        record.state = RunState::Failed;
        record.cause = "the loss is nan";
        record.code = "TRAIN-01";
        record.step = 17;
        record.trainLoss = 1.0 / 3.0;
        record.best = RunBest{0.1, 10};
        record.adapterFolder = "/models/finetuned/a";
        record.startedAt = "a";
        record.updatedAt = "b";
        record.process = ProcessMark::ofThisProcess();
        const Json json = runRecordJson(record);
        const auto read = parseRunRecord(*parseJson(writeJson(json), "run.json"), "run.json");
        QVERIFY2(read, read ? "" : read.error().message.c_str());
        QCOMPARE(writeJson(runRecordJson(*read)), writeJson(json));
        QVERIFY(read->dataFiles == record.dataFiles);
        QCOMPARE(*read->trainLoss, 1.0 / 3.0);
    }

    void everyFieldOfARecordIsNeeded() {
        RunRecord record = someRecord();
        const Json whole = runRecordJson(record);
        for (const auto& [key, value] : whole.items()) {
            const bool isNewer = key == "precision" || key == "changes" || key == "machine";
            if (value.is_null() || isNewer) continue; // records of earlier versions lack those
            Json without = whole;
            without.erase(key);
            const auto read = parseRunRecord(without, "run.json");
            QVERIFY2(!read, key.c_str());
            QVERIFY(read.error().code == codes::kRunDamaged);
            QVERIFY2(read.error().message.find(key) != std::string::npos, read.error().message.c_str());
            Json wrong = whole;
            wrong[key] = Json::array({1.5});
            QVERIFY2(!parseRunRecord(wrong, "run.json"), key.c_str());
        }
        for (const char* key : {"changes", "machine"}) {
            Json wrong = whole;
            wrong[key] = Json::array({1.5});
            QVERIFY2(!parseRunRecord(wrong, "run.json"), key);
        }
        Json newer = whole;
        newer["schema"] = 2;
        QVERIFY(parseRunRecord(newer, "run.json").error().code == codes::kRunSchema);
    }

    void namesCountUpAndAreNeverReused() {
        const TemporaryFolder folder;
        const DataRoot root{folder.path()};
        QCOMPARE(make(root, "")->name(), std::string("smollm2_135m-instruct-1"));
        QCOMPARE(make(root, "")->name(), std::string("smollm2_135m-instruct-2"));
        const auto taken = make(root, "smollm2_135m-instruct-2");
        QVERIFY(taken.error().code == codes::kRunExists);
        QVERIFY(taken.error().message.find("llamahome resume smollm2_135m-instruct-2") != std::string::npos);
        QVERIFY(taken.error().code.errorClass == ErrorClass::Refused);
    }

    void namesThatAreNoFolderNamesAreRefused() {
        const TemporaryFolder folder;
        const DataRoot root{folder.path()};
        for (const char* name : {"../out", "a/b", ".hidden", "-x", "with blank", "umlaut-\xc3\xa4"}) {
            const auto run = make(root, name);
            QVERIFY2(!run, name);
            QVERIFY(run.error().code == codes::kRunName);
            QVERIFY(run.error().message.find(name) != std::string::npos);
        }
        QVERIFY(!make(root, std::string(101, 'x')));
        QVERIFY(listRuns(root).empty());
    }

    void stemsAreFolderNames() {
        QCOMPARE(runStem("smollm2", "135m-instruct"), std::string("smollm2_135m-instruct"));
        QCOMPARE(runStem("org", "a/b c"), std::string("org_a-b-c"));
        QCOMPARE(runStem(".x", "y"), std::string("_x_y"));
    }

    void aFailedCreationLeavesNothing() {
        FaultFileLayer counter;
        {
            const TemporaryFolder folder;
            QVERIFY(make({folder.path()}, "x", {}, counter));
        }
        for (std::uint64_t k = 1; k <= counter.calls(); ++k) {
            const TemporaryFolder folder;
            const DataRoot root{folder.path()};
            FaultFileLayer files(k, Fault::DiskFull);
            QVERIFY(!make(root, "x", {}, files));
            QVERIFY(!fs::exists(root.checkpoints() / "x"));
        }
    }

    void updatesAreWholeWhateverCallFails() {
        FaultFileLayer counter;
        {
            const TemporaryFolder folder;
            auto run = make({folder.path()}, "x");
            auto counted = RunFolder::open(counter, run->path());
            QVERIFY(counted->update(counted->record(), m_clock));
        }
        for (std::uint64_t k = 1; k <= counter.calls(); ++k) {
            const TemporaryFolder folder;
            auto run = make({folder.path()}, "x");
            FaultFileLayer files(k, Fault::Short);
            auto faulty = RunFolder::open(files, run->path());
            RunRecord changed = faulty->record();
            changed.step = 5;
            const auto updated = faulty->update(changed, m_clock);
            const auto read = readRunRecord(run->path());
            QVERIFY(read);
            QVERIFY(read->step == 5 || (!updated && read->step == 0));
        }
    }

    void aNoteIsWholeWhateverCallFails() {
        const TemporaryFolder folder;
        const fs::path run = make({folder.path()}, "x")->path();
        QCOMPARE(*readRunNote(run), std::string());
        QVERIFY(writeRunNote(systemFiles(), run, "with más rows\n"));
        FaultFileLayer counter;
        QVERIFY(writeRunNote(counter, run, "with más rows\n"));
        for (std::uint64_t k = 1; k <= counter.calls(); ++k) {
            FaultFileLayer files(k, Fault::Short);
            const auto written = writeRunNote(files, run, "other");
            const auto read = readRunNote(run);
            QVERIFY(read && (*read == "other" || (!written && *read == "with más rows\n")));
            QVERIFY(writeRunNote(systemFiles(), run, "with más rows\n"));
        }
        QVERIFY(writeRunNote(systemFiles(), run, std::string(kLongestRunNote + 1, 'x')).error().code ==
                codes::kFileTooLarge);
        QVERIFY(writeRunNote(systemFiles(), run, ""));
        QVERIFY(!fs::exists(run / kRunNoteName));
    }

    void aRunningRunReadsAsRunning() {
        const TemporaryFolder folder;
        const DataRoot root{folder.path()};
        const auto writer = make(root, "x");
        QVERIFY(writer);
        const auto run = findRun(root, "x");
        QVERIFY(run);
        QVERIFY(run->record.state == RunState::Running);
        QVERIFY(planRunRemoval(*run).error().code == codes::kRunActive);
    }

    void aRunWhoseEndCouldNotBeRecordedIsAtRestThoughItsProcessLives() {
        const TemporaryFolder folder;
        const DataRoot root{folder.path()};
        QVERIFY(make(root, "x"));
        const auto run = findRun(root, "x");
        QVERIFY(run);
        QVERIFY(run->record.state == RunState::Interrupted);
        QVERIFY(run->record.cause.find("llamahome resume x") != std::string::npos);
        QVERIFY(planRunRemoval(*run));
    }

    void aRunThatKnowsNoLocksIsRunningAsLongAsItsProcess() {
        const TemporaryFolder folder;
        const DataRoot root{folder.path()};
        RunRecord record = make(root, "x")->record();
        record.holdsLifeLock = false;
        const auto write = [&] {
            return writeFileAtomically(systemFiles(), root.checkpoints() / "x/run.json",
                                       writeJson(runRecordJson(record)));
        };
        QVERIFY(write());
        QVERIFY(findRun(root, "x")->record.state == RunState::Running);
        record.process.started += "1";
        QVERIFY(write());
        QVERIFY(findRun(root, "x")->record.state == RunState::Interrupted);
    }

    void aRunThatWasContinuedSinceItsRemovalWasPlannedStays() {
        const TemporaryFolder folder;
        const DataRoot root{folder.path()};
        QVERIFY(make(root, "x"));
        const auto plan = planRunRemoval(*findRun(root, "x"));
        QVERIFY(plan);
        const auto continued = RunFolder::open(systemFiles(), plan->folder);
        const auto removed = remove(root, *plan);
        QVERIFY(!removed && removed.error().code == codes::kRunActive);
        QVERIFY(fs::exists(plan->folder / "run.json"));
    }

    void aRunWhoseProcessDiedReadsAsInterrupted() {
        const TemporaryFolder folder;
        const DataRoot root{folder.path()};
        const pid_t child = ::fork();
        if (child == 0) {
            (void)make(root, "x");
            ::kill(::getpid(), SIGKILL);
        }
        siginfo_t info{};
        QCOMPARE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
        QVERIFY(findRun(root, "x")->record.state == RunState::Interrupted); // dead, not yet reaped
        ::waitpid(child, nullptr, 0);
        const auto run = findRun(root, "x");
        QVERIFY(run);
        QVERIFY(run->record.state == RunState::Interrupted);
        QVERIFY(run->record.cause.find("llamahome resume x") != std::string::npos);
    }

    void anotherProcessOfTheSameNumberIsNotTheRun() {
        ProcessMark mark = ProcessMark::ofThisProcess();
        QVERIFY(mark.isAlive());
        mark.started += "1";
        QVERIFY(!mark.isAlive());
        QVERIFY(!ProcessMark{}.isAlive());
    }

    void damagedAndCutOffRunsAreListedAndRemovable() {
        const TemporaryFolder folder;
        const DataRoot root{folder.path()};
        auto good = make(root, "good");
        finish(*good, m_clock);
        QVERIFY(make(root, "damaged"));
        QVERIFY(writeFileAtomically(systemFiles(), root.checkpoints() / "damaged/run.json", "{\"schema\":1"));
        fs::create_directories(root.checkpoints() / "cut");
        const std::vector<RunInfo> runs = listRuns(root);
        QCOMPARE(runs.size(), std::size_t{3});
        QCOMPARE(runs[0].name, std::string("cut"));
        QVERIFY(runs[0].record.state == RunState::Interrupted);
        QVERIFY(runs[1].record.state == RunState::Failed);
        QVERIFY(runs[1].record.cause.find("run.json") != std::string::npos);
        QVERIFY(runs[2].record.state == RunState::Finished);
        for (const RunInfo& run : runs)
            QVERIFY(remove(root, *planRunRemoval(run)));
        QVERIFY(listRuns(root).empty());
    }

    void anUnknownRunNamesTheNearest() {
        const TemporaryFolder folder;
        const DataRoot root{folder.path()};
        QVERIFY(make(root, "arithmetic-1"));
        const auto run = findRun(root, "aritmetic-1");
        QVERIFY(run.error().code == codes::kRunUnknown);
        QVERIFY(run.error().message.find("'arithmetic-1'") != std::string::npos);
        QVERIFY(!findRun(root, "../checkpoints/arithmetic-1"));
    }

    void removalFreesExactlyWhatItSaid() {
        const TemporaryFolder folder;
        const DataRoot root{folder.path()};
        auto run = make(root, "x");
        finish(*run, m_clock);
        QVERIFY(writeFileAtomically(systemFiles(), run->metricsFile(), std::string(1000, 'm')));
        fs::create_directories(folder / "outside");
        QVERIFY(writeFileAtomically(systemFiles(), folder / "outside/kept", "kept"));
        fs::create_directory_symlink(folder / "outside", run->path() / "link");
        const auto info = findRun(root, "x");
        const auto plan = planRunRemoval(*info);
        QVERIFY(plan);
        std::uint64_t bytes = 0;
        for (const char* name : {"config.yaml", "metrics.jsonl", "run.json"})
            bytes += fs::file_size(run->path() / name);
        QCOMPARE(plan->freedBytes, bytes);
        QCOMPARE(plan->files, (std::vector<std::string>{"config.yaml", "link", "metrics.jsonl", "run.json"}));
        QVERIFY(remove(root, *plan));
        QVERIFY(fs::is_empty(root.checkpoints()));
        QVERIFY(fs::exists(folder / "outside/kept"));
    }

    void aRemovalThatIsCutOffIsFinishedLater() {
        const TemporaryFolder probe;
        FaultFileLayer counter;
        auto counted = make({probe.path()}, "x");
        finish(*counted, m_clock);
        QVERIFY(remove({probe.path()}, *planRunRemoval(*findRun({probe.path()}, "x")), counter));
        for (std::uint64_t k = 1; k <= counter.calls(); ++k) {
            const TemporaryFolder folder;
            const DataRoot root{folder.path()};
            auto run = make(root, "x");
            finish(*run, m_clock);
            FaultFileLayer files(k, Fault::IoError);
            QVERIFY(!remove(root, *planRunRemoval(*findRun(root, "x")), files));
            const std::vector<RunInfo> left = listRuns(root);
            QVERIFY(left.empty() || (left.size() == 1 && left[0].record.state == RunState::Finished));
            QVERIFY(clearRemovedRuns(*RootLock::acquire(root), systemFiles()));
            QVERIFY(!left.empty() || fs::is_empty(root.checkpoints()));
        }
    }

    void differencesAreNamedBySetting() {
        const TemporaryFolder folder;
        const DataRoot root{folder.path()};
        config::Settings other;
        other.training.learning_rate = 1e-3;
        other.data.system = "Be brief.";
        const auto a = make(root, "a");
        auto b = make(root, "b", other);
        RunRecord record = b->record();
        record.best = RunBest{1.25, 10};
        QVERIFY(b->update(record, m_clock));
        const auto differences = diffRuns(*findRun(root, "a"), *findRun(root, "b"));
        QVERIFY2(differences, differences ? "" : differences.error().message.c_str());
        std::vector<std::string> keys;
        for (const RunDifference& difference : *differences)
            keys.push_back(difference.key);
        QCOMPARE(keys, (std::vector<std::string>{"best eval_loss", "training.learning_rate", "data.system"}));
        QCOMPARE(differences->at(0).b, std::string("1.25"));
        QCOMPARE(differences->at(2).b, std::string("Be brief."));
        QVERIFY(diffRuns(*findRun(root, "a"), *findRun(root, "a"))->empty());
    }
};

QTEST_GUILESS_MAIN(TestRuns)
#include "test_runs.moc"
