// Faults of a training by their number, and the same invariants after each; docs/reliability.md has the
// table.
#include <fstream>
#include <limits>

#include <QTest>

#include "core/machine.h"
#include "jobs/train/memory_guard.h"
#include "support/fault_file_layer.h"
#include "support/run_invariants.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

constexpr const char* kRun = "tiny_v1-1";

/// Ten rows in steps of four, as two micro-batches: three steps an epoch, and seven in all.
TrainPlan accumulating(const TrainingGround& ground) {
    TrainPlan plan = ground.plan();
    plan.settings.training.gradient_accumulation = 2;
    plan.settings.training.max_steps = 7;
    return plan;
}

std::string undisturbed(TrainPlan (*planOf)(const TrainingGround&)) {
    TrainingGround ground;
    return adapterBytes(*ground.train(planOf(ground)));
}

TrainPlan plain(const TrainingGround& ground) {
    return ground.plan();
}

/// Stops the run of that plan before that step, and lets the next one go.
void stopBefore(TrainingGround& ground, const TrainPlan& plan, std::int64_t before) {
    ground.engine.script().beforeStep = [&ground, before](std::int64_t step) {
        if (step == before) ground.cancel.cancel();
    };
    const auto stopped = ground.train(plan);
    QVERIFY2(stopped, said(stopped).c_str());
    ground.cancel = CancelToken();
    ground.engine.script().beforeStep = nullptr;
}

void append(const fs::path& file, const char* text) {
    std::ofstream(file, std::ios::app) << text;
}

/// A clock whose time of day jumps at each look: back by a day, ahead by a year, to 1970.
class JumpingClock final : public Clock {
public:
    double monotonicSeconds() const override { return ++m_seconds; }
    std::chrono::system_clock::time_point now() const override {
        constexpr std::array<std::int64_t, 4> kPlaces{1'769'860'800, 1'769'774'400, 1'801'396'800, 0};
        return std::chrono::system_clock::time_point(std::chrono::seconds(kPlaces[m_look++ % 4]));
    }

private:
    mutable double m_seconds = 0.0;
    mutable std::size_t m_look = 0;
};

} // namespace

class TestTrainingFaults final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void f87aNumberThatIsNoneAtAnyStepReachesNoCheckpoint() {
        for (std::int64_t step = 1; step <= 6; ++step) {
            TrainingGround ground;
            ground.engine.script().nonFiniteStep = step;
            QVERIFY(ground.train(ground.plan()).error().code == codes::kNonFiniteLoss);
            check(ground);
            ground.engine.script()
                .nonFiniteStep.reset(); // a disturbance of the machine: it does not come again
            checkEnd(ground, plain);
        }
    }

    void f88numbersThatAreNoneForEverEndEachTryWithAWayOn() {
        TrainingGround ground;
        ground.engine.script().nonFiniteStep = 4;
        QVERIFY(!ground.train(ground.plan()));
        for (int tries = 0; tries < 4; ++tries) {
            const RunInfo run = *findRun(ground.root, kRun);
            QCOMPARE(run.remedies.size(), std::size_t{1});
            const auto failed = ground.resumeWith(kRun, run.remedies.front().changes);
            QVERIFY2(!failed && failed.error().code == codes::kNonFiniteLoss, said(failed).c_str());
            check(ground);
        }
        QCOMPARE(findRun(ground.root, kRun)->record.changes.size(), std::size_t{4});
        QCOMPARE(ground.engine.history().settings.learning_rate, 2e-4 / 16);
    }

    void f90rowsWithNothingToLearnAreRefusedBeforeTheRun() {
        TrainingGround ground;
        TrainPlan plan = ground.plan();
        plan.settings.training.max_length = 20; // within the template's head
        QVERIFY(ground.train(plan).error().code == codes::kNoTrainingRows);
        QVERIFY(listRuns(ground.root).empty());
    }

    void f91noMemoryAtTheFirstAndAtALateStepKeepsWhatIsDone() {
        for (const std::int64_t late : {1, 6}) {
            TrainingGround ground;
            std::uint64_t available = 1ULL << 30;
            ground.controls.memory = [&] { return MemoryFigures{1, available, 8ULL << 30}; };
            ground.engine.script().beforeStep = [&](std::int64_t step) {
                if (step == late) available = 1;
            };
            const auto failed = ground.train(ground.plan());
            QVERIFY2(failed.error().code == codes::kOutOfMemory, said(failed).c_str());
            check(ground);
            available = 1ULL << 30;
            ground.engine.script().beforeStep = nullptr;
            checkEnd(ground, plain);
        }
    }

    void f93theLimitOfAControlGroupIsTheMachines() {
        const TemporaryFolder machine;
        const auto put = [&](const char* file, const char* text) {
            fs::create_directories((machine / file).parent_path());
            append(machine / file, text);
        };
        put("proc/meminfo", "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n");
        put("proc/self/cgroup", "0::/job\n");
        put("sys/fs/cgroup/job/memory.max", "1073741824\n");
        put("sys/fs/cgroup/job/memory.current", "1063256064\n"); // 10 MiB are left of 1 GiB
        put("sys/fs/cgroup/job/memory.stat", "inactive_file 0\n");
        TrainingGround ground;
        bool isFull = false;
        ground.engine.script().beforeStep = [&](std::int64_t step) { isFull = step == 4; };
        ground.controls.memory = [&] {
            if (!isFull) return MemoryFigures{1, 1ULL << 30, 1ULL << 30};
            const MemoryState state = memoryState(machine.path());
            return MemoryFigures{1, state.availableBytes, state.totalBytes};
        };
        const auto failed = ground.train(ground.plan());
        QVERIFY2(failed.error().code == codes::kOutOfMemory, said(failed).c_str());
        check(ground);
        ground.engine.script().beforeStep = nullptr;
        isFull = false;
        checkEnd(ground, plain);
    }

    void f94dataThatGoesWhileARunTrainsIsMissedByTheNextOneOnly() {
        TrainingGround running;
        running.engine.script().beforeStep = [&](std::int64_t step) {
            if (step == 3) fs::remove(running.data);
        };
        const auto ended = running.train(running.plan());
        QVERIFY2(ended, said(ended).c_str());
        QVERIFY(adapterBytes(*ended) == undisturbed(plain));
        for (int kind = 0; kind < 4; ++kind) {
            TrainingGround ground;
            stopBefore(ground, ground.plan(), 4);
            const std::string whole = *readFile(ground.data);
            if (kind == 0) fs::remove(ground.data);
            if (kind == 1) fs::rename(ground.data, ground.folder / "other.jsonl");
            if (kind == 2) fs::resize_file(ground.data, fs::file_size(ground.data) / 2);
            if (kind == 3) append(ground.data, "{\"question\":\"And now?\",\"answer\":\"Other\"}\n");
            const auto refused = ground.resume(kRun);
            QVERIFY2(refused.error().code == codes::kRunChanged, said(refused).c_str());
            QVERIFY(contains(refused.error().message, "data.jsonl"));
            check(ground);
            QVERIFY(writeFileAtomically(systemFiles(), ground.data, whole));
            checkEnd(ground, plain);
        }
    }

    void f95anotherBaseIsRefusedWithBothDigests() {
        TrainingGround ground;
        stopBefore(ground, ground.plan(), 4);
        const fs::path weights = ground.model / "model.safetensors";
        const std::string whole = *readFile(weights);
        std::string other = whole;
        other.back() = static_cast<char>(other.back() ^ 1);
        QVERIFY(writeFileAtomically(systemFiles(), weights, other));
        const auto refused = ground.resume(kRun);
        QVERIFY2(refused.error().code == codes::kRunChanged, said(refused).c_str());
        const std::string& message = refused.error().message;
        QVERIFY2(contains(message, "found ") &&
                     contains(message, findRun(ground.root, kRun)->record.modelDigest),
                 message.c_str());
        fs::remove(weights);
        QVERIFY(!ground.resume(kRun));
        check(ground);
        QVERIFY(writeFileAtomically(systemFiles(), weights, whole));
        checkEnd(ground, plain);
    }

    void f96aDamagedNewestCheckpointIsPassedOver() {
        const fs::path newest = "checkpoints/step-000003";
        for (const char* file : {"adapter_config.json", "adapter_model.safetensors", "optimizer.safetensors",
                                 "train_state.json", "manifest.json"})
            for (int kind = 0; kind < 3; ++kind) {
                TrainingGround ground;
                stopBefore(ground, ground.plan(), 4);
                const fs::path path = ground.sink.started / newest / file;
                std::string bytes = *readFile(path);
                bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
                if (kind == 0) fs::remove(path);
                if (kind == 1) fs::resize_file(path, fs::file_size(path) / 2);
                if (kind == 2) QVERIFY(writeFileAtomically(systemFiles(), path, bytes));
                check(ground);
                checkEnd(ground, plain);
                QVERIFY2(ground.sink.wasNoticed("step-000003"), file);
            }
    }

    void f97whereNoCheckpointVerifiesNothingIsDeleted() {
        TrainingGround ground;
        stopBefore(ground, ground.plan(), 4);
        const fs::path checkpoints = ground.sink.started / "checkpoints";
        const auto names = namesIn(checkpoints);
        for (const std::string& name : names)
            fs::remove(checkpoints / name / "manifest.json");
        const auto refused = ground.resume(kRun);
        QVERIFY(refused.error().code == codes::kNoCheckpoint);
        QVERIFY(contains(refused.error().message, "start the run anew"));
        QVERIFY(namesIn(checkpoints) == names);
    }

    // Before every step: the start, within an epoch, its edge; and within every evaluation.
    void f98aRunInAccumulatedStepsGoesOnFromAnyOfThem() {
        for (std::int64_t step = 1; step <= 7; ++step) {
            TrainingGround ground;
            stopBefore(ground, accumulating(ground), step);
            check(ground);
            checkEnd(ground, accumulating);
        }
    }

    void f101aClockThatJumpsChangesNothing() {
        TrainingGround ground;
        const JumpingClock clock;
        ground.engine.script().beforeStep = [&](std::int64_t step) {
            if (step == 5) ground.cancel.cancel();
        };
        {
            const auto lock = RootLock::acquire(ground.root);
            const auto stopped = runTraining(ground.plan(), ground.engine, *lock, systemFiles(), clock,
                                             ground.sink, ground.cancel, ground.controls);
            QVERIFY2(stopped, said(stopped).c_str());
        }
        ground.cancel = CancelToken();
        ground.engine.script().beforeStep = nullptr;
        const CheckpointStore store(systemFiles(), ground.sink.started / "checkpoints", 2, {});
        QVERIFY(store.steps() == (std::vector<std::int64_t>{3, 4}));
        check(ground);
        checkEnd(ground, plain);
    }

    // Each file call of a run that keeps one checkpoint besides the best fails: one that verifies is there.
    void f104aFailedSaveLeavesTheCheckpointBeforeIt() {
        const auto planOf = [](const TrainingGround& ground) {
            TrainPlan plan = ground.plan();
            plan.settings.training.checkpoint.keep = 1;
            plan.settings.training.max_steps = 3;
            return plan;
        };
        FaultFileLayer counter;
        {
            TrainingGround ground;
            QVERIFY(ground.train(planOf(ground), counter));
        }
        for (std::uint64_t k = 1; k <= counter.calls(); ++k) {
            TrainingGround ground;
            FaultFileLayer files(k, Fault::IoError);
            (void)ground.train(planOf(ground), files);
            check(ground);
        }
    }

private:
    static void check(const TrainingGround& ground) {
        const std::string broken = brokenAfterFault(ground);
        QVERIFY2(broken.empty(), broken.c_str());
    }

    /// The run comes to the adapter of an undisturbed one of that plan.
    static void checkEnd(TrainingGround& ground, TrainPlan (*planOf)(const TrainingGround&)) {
        const std::string other = notTheSameInTheEnd(ground, planOf(ground), undisturbed(planOf));
        QVERIFY2(other.empty(), other.c_str());
    }
};

QTEST_GUILESS_MAIN(TestTrainingFaults)
#include "test_training_faults.moc"
