#include <functional>

#include <sys/wait.h>
#include <unistd.h>

#include <QTest>

#include "core/error_codes.h"
#include "formats/peft/peft_adapter.h"
#include "jobs/train/checkpoint_store.h"
#include "support/fault_file_layer.h"
#include "support/temporary_folder.h"
#include "support/train_states.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

constexpr const char* kBase = "org/base";

CheckpointStore storeIn(const TemporaryFolder& folder, FileLayer& files = systemFiles(), int keep = 2) {
    return CheckpointStore(files, folder / "checkpoints", keep, kBase);
}

std::vector<std::string> namesIn(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

void damage(const fs::path& file) {
    std::string bytes = *readFile(file);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    QVERIFY(writeFileAtomically(systemFiles(), file, bytes));
}

/// Runs `work` in a child process; true when it was killed by the fault.
bool runInChild(const std::function<void()>& work) {
    const pid_t child = ::fork();
    if (child == 0) {
        work();
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status);
}

} // namespace

class TestCheckpoints final : public QObject {
    Q_OBJECT

private:
    TemporaryFolder m_twoCheckpoints; ///< 10, the best, and 20

    void copyTwoCheckpoints(const TemporaryFolder& folder) {
        fs::copy(m_twoCheckpoints.path(), folder.path(), fs::copy_options::recursive);
    }

    /// File calls of writing step 30 when 10 and 20 are there.
    std::uint64_t callsOfOneWrite() {
        const TemporaryFolder folder;
        copyTwoCheckpoints(folder);
        FaultFileLayer counter;
        return storeIn(folder, counter).write(madeUpState(30, 10)) ? counter.calls() : 0;
    }

    /// What must hold whatever happened while step 30 was written over 10 (the best) and 20.
    void checkAfterFault(const TemporaryFolder& folder, bool wasWritten) {
        const CheckpointStore store = storeIn(folder);
        const auto newest = store.loadNewest();
        QVERIFY2(newest, newest ? "" : newest.error().message.c_str());
        QVERIFY(newest->state.step == 30 || (!wasWritten && newest->state.step == 20));
        QVERIFY(sameState(newest->state, madeUpState(newest->state.step, 10)));
        QVERIFY(newest->skipped.empty());
        const auto best = store.load(10);
        QVERIFY2(best, best ? "" : best.error().message.c_str());
        // The next write clears whatever was left behind.
        QVERIFY(storeIn(folder).write(madeUpState(40, 10)));
        const std::vector<std::string> names = namesIn(folder / "checkpoints");
        for (const std::string& name : names)
            QVERIFY2(name.find('.') == std::string::npos, name.c_str());
        QVERIFY(store.load(40) && store.load(10));
    }

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(storeIn(m_twoCheckpoints).write(madeUpState(10, 10)));
        QVERIFY(storeIn(m_twoCheckpoints).write(madeUpState(20, 10)));
    }

    void aStateComesBackToTheLastBit() {
        const TemporaryFolder folder;
        const engine::TrainState state = madeUpState(120, 100);
        const auto written = storeIn(folder).write(state);
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        QCOMPARE(written->filename().string(), std::string("step-000120"));
        const auto loaded = storeIn(folder).loadNewest();
        QVERIFY2(loaded, loaded ? "" : loaded.error().message.c_str());
        QVERIFY(sameState(loaded->state, state));
        QCOMPARE(loaded->state.adapter.baseModel, std::string(kBase));
        QCOMPARE(namesIn(*written),
                 (std::vector<std::string>{"adapter_config.json", "adapter_model.safetensors",
                                           "manifest.json", "optimizer.safetensors", "train_state.json"}));
    }

    void aStateBeforeTheFirstStepComesBackToo() {
        const TemporaryFolder folder;
        engine::TrainState state = madeUpState(0);
        state.lastTrainLoss = std::numeric_limits<double>::quiet_NaN();
        QVERIFY(storeIn(folder).write(state));
        const auto loaded = storeIn(folder).loadNewest();
        QVERIFY(loaded);
        QVERIFY(std::isnan(loaded->state.lastTrainLoss));
        QVERIFY(!loaded->state.best);
    }

    void aCheckpointThatOwesItsEvaluationIsReplacedOnceThatIsDone() {
        const TemporaryFolder folder;
        engine::TrainState owing = madeUpState(10);
        owing.evaluationDue = true;
        QVERIFY(storeIn(folder).write(owing));
        QVERIFY(sameState(storeIn(folder).load(10)->state, owing));
        const engine::TrainState done = madeUpState(10, 10);
        FaultFileLayer withoutExchange;
        withoutExchange.forgetExchange();
        for (FileLayer* files : {&systemFiles(), static_cast<FileLayer*>(&withoutExchange)}) {
            QVERIFY(storeIn(folder, *files).write(done));
            QVERIFY(sameState(storeIn(folder).load(10)->state, done));
            QCOMPARE(namesIn(folder / "checkpoints"), (std::vector<std::string>{"step-000010"}));
            QVERIFY(storeIn(folder, *files).write(owing));
        }
    }

    void rotationKeepsTheNewestAndTheBest() {
        const TemporaryFolder folder;
        CheckpointStore store = storeIn(folder);
        for (std::int64_t step = 10; step <= 60; step += 10)
            QVERIFY(store.write(madeUpState(step, 20)));
        QCOMPARE(store.steps(), (std::vector<std::int64_t>{20, 50, 60}));
    }

    void oneIsKeptAtLeast() {
        const TemporaryFolder folder;
        CheckpointStore store = storeIn(folder, systemFiles(), 0);
        QVERIFY(store.write(madeUpState(10, 10)));
        QVERIFY(store.write(madeUpState(20, 10)));
        QVERIFY(store.write(madeUpState(30, 30)));
        QCOMPARE(store.steps(), (std::vector<std::int64_t>{30}));
    }

    void rotationDoesNotCountAFolderThatIsNotWhole() {
        const TemporaryFolder folder;
        CheckpointStore store = storeIn(folder);
        QVERIFY(store.write(madeUpState(10)));
        QVERIFY(store.write(madeUpState(20)));
        fs::remove(store.folderOf(20) / "train_state.json");
        QVERIFY(store.write(madeUpState(30)));
        QVERIFY(store.load(10));
        QVERIFY(store.load(30));
    }

    void rotationLeavesForeignNamesAlone() {
        const TemporaryFolder folder;
        CheckpointStore store = storeIn(folder, systemFiles(), 1);
        fs::create_directories(folder / "checkpoints/notes");
        fs::create_directories(folder / "checkpoints/step-1");
        fs::create_directories(folder / "checkpoints/step-000001x");
        QVERIFY(store.write(madeUpState(10)));
        QVERIFY(store.write(madeUpState(20)));
        QCOMPARE(namesIn(folder / "checkpoints"),
                 (std::vector<std::string>{"notes", "step-000001x", "step-000020", "step-1"}));
    }

    // Each file removed, cut by one byte, and with one bit changed.
    void aDamagedCheckpointIsPassedOverAndNamed() {
        const TemporaryFolder probe;
        QVERIFY(storeIn(probe).write(madeUpState(20)));
        for (const std::string& file : namesIn(storeIn(probe).folderOf(20))) {
            for (int kind = 0; kind < 3; ++kind) {
                const TemporaryFolder folder;
                CheckpointStore store = storeIn(folder);
                QVERIFY(store.write(madeUpState(10)));
                QVERIFY(store.write(madeUpState(20)));
                const fs::path path = store.folderOf(20) / file;
                if (kind == 0) fs::remove(path);
                if (kind == 1) fs::resize_file(path, fs::file_size(path) - 2);
                if (kind == 2) damage(path);
                const auto loaded = store.loadNewest();
                QVERIFY2(loaded, file.c_str());
                QVERIFY(sameState(loaded->state, madeUpState(10)));
                QCOMPARE(loaded->skipped.size(), std::size_t{1});
                const std::string& reason = loaded->skipped[0];
                QVERIFY2(reason.find("step-000020") != std::string::npos, reason.c_str());
                // A changed digit of the manifest shows at the file that it speaks of.
                const bool isNamed = reason.find(file) != std::string::npos;
                QVERIFY2(isNamed || (file == "manifest.json" && kind == 2), reason.c_str());
                QVERIFY(store.load(20).error().code == codes::kCheckpointDamaged);
            }
        }
    }

    void allDamagedIsAnErrorThatListsThemAndDeletesNothing() {
        const TemporaryFolder folder;
        CheckpointStore store = storeIn(folder);
        QVERIFY(store.write(madeUpState(10)));
        QVERIFY(store.write(madeUpState(20)));
        for (const std::int64_t step : {10, 20})
            damage(store.folderOf(step) / "train_state.json");
        const auto loaded = store.loadNewest();
        QVERIFY(loaded.error().code == codes::kNoCheckpoint);
        QVERIFY(loaded.error().detail.find("step-000010") != std::string::npos);
        QVERIFY(loaded.error().detail.find("step-000020") != std::string::npos);
        QCOMPARE(store.steps(), (std::vector<std::int64_t>{10, 20}));
    }

    void noCheckpointAtAllIsSaid() {
        const TemporaryFolder folder;
        const auto loaded = storeIn(folder).loadNewest();
        QVERIFY(loaded.error().code == codes::kNoCheckpoint);
        QVERIFY(loaded.error().message.find("no checkpoint") != std::string::npos);
    }

    void aCheckpointOfAnotherStepIsRefused() {
        const TemporaryFolder folder;
        CheckpointStore store = storeIn(folder);
        QVERIFY(store.write(madeUpState(10)));
        fs::rename(store.folderOf(10), store.folderOf(99));
        QVERIFY(store.load(99).error().message.find("step 10") != std::string::npos);
    }

    void theSameStepAgainKeepsAValidAndReplacesADamagedOne() {
        const TemporaryFolder folder;
        CheckpointStore store = storeIn(folder);
        QVERIFY(store.write(madeUpState(10)));
        const auto before = fs::last_write_time(store.folderOf(10) / "manifest.json");
        QVERIFY(store.write(madeUpState(10)));
        QVERIFY(fs::last_write_time(store.folderOf(10) / "manifest.json") == before);
        damage(store.folderOf(10) / "optimizer.safetensors");
        QVERIFY(store.write(madeUpState(10)));
        QVERIFY(store.load(10));
    }

    void aFaultAtEveryFileCallLeavesTheOldOrTheNewCheckpoint() {
        const std::uint64_t calls = callsOfOneWrite();
        QVERIFY(calls > 20);
        for (const Fault fault : {Fault::IoError, Fault::Short}) {
            for (std::uint64_t k = 1; k <= calls; ++k) {
                const TemporaryFolder folder;
                copyTwoCheckpoints(folder);
                FaultFileLayer files(k, fault);
                const auto written = storeIn(folder, files).write(madeUpState(30, 10));
                if (!written)
                    QVERIFY2(written.error().message.find("step 30") != std::string::npos,
                             written.error().message.c_str());
                checkAfterFault(folder, bool(written));
            }
        }
    }

    void aKillAtEveryFileCallLeavesTheOldOrTheNewCheckpoint() {
        const std::uint64_t calls = callsOfOneWrite();
        QVERIFY(calls > 20);
        for (std::uint64_t k = 1; k <= calls; ++k) {
            const TemporaryFolder folder;
            copyTwoCheckpoints(folder);
            const bool killed = runInChild([&] {
                FaultFileLayer files(k, Fault::Kill);
                (void)storeIn(folder, files).write(madeUpState(30, 10));
            });
            QVERIFY(killed);
            checkAfterFault(folder, false);
        }
    }
};

QTEST_GUILESS_MAIN(TestCheckpoints)
#include "test_checkpoints.moc"
